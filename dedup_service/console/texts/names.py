"""What things are called: kinds, impacts, states, functions, fields, sources, people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from dedup_service.console.texts.languages import Language
from dedup_service.console.texts.languages import later as _
from dedup_service.v1.core_pb2 import (
    AccountState,
    ChildKind,
    GoldenRecordState,
    LeadClass,
    RecordKind,
    Verdict,
)
from dedup_service.v1.golden_record_service_pb2 import SurvivorshipRule
from dedup_service.v1.merge_plan_pb2 import Impact
from dedup_service.v1.merge_proposal_pb2 import MergeProposalState, MergeProposalType
from dedup_service.v1.voting_pb2 import VoteDecision

Enum = TypeVar("Enum", bound=int)

_KINDS = {
    RecordKind.RECORD_KIND_LEAD: _("Lead"),
    RecordKind.RECORD_KIND_CONTACT: _("Contact"),
    RecordKind.RECORD_KIND_ACCOUNT: _("Account"),
}
_IMPACTS = {
    Impact.IMPACT_LOW: _("Low impact"),
    Impact.IMPACT_MEDIUM: _("Medium impact"),
    Impact.IMPACT_HIGH: _("High impact"),
}
_STATES = {
    MergeProposalState.MERGE_PROPOSAL_STATE_PENDING: _("Pending"),
    MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED: _("Approved"),
    MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED: _("Rejected"),
    MergeProposalState.MERGE_PROPOSAL_STATE_WITHDRAWN: _("Withdrawn"),
    MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED: _("Merged"),
    MergeProposalState.MERGE_PROPOSAL_STATE_SUPERSEDED: _("Superseded"),
    MergeProposalState.MERGE_PROPOSAL_STATE_EXPIRED: _("Expired"),
}
_TYPES = {
    MergeProposalType.MERGE_PROPOSAL_TYPE_MERGE: _("Merge"),
    MergeProposalType.MERGE_PROPOSAL_TYPE_CONVERSION: _("Conversion"),
}
_VERDICTS = {
    Verdict.VERDICT_MATCH: _("Match"),
    Verdict.VERDICT_REVIEW: _("Review"),
    Verdict.VERDICT_NO_MATCH: _("No match"),
}
_DECISIONS = {
    VoteDecision.VOTE_DECISION_APPROVE: _("Approved"),
    VoteDecision.VOTE_DECISION_REJECT: _("Rejected"),
}
_GOLDEN_STATES = {
    GoldenRecordState.GOLDEN_RECORD_STATE_LIVE: _("Stands"),
    GoldenRecordState.GOLDEN_RECORD_STATE_MERGED: _("Merged away"),
    GoldenRecordState.GOLDEN_RECORD_STATE_DELETED: _("Deleted"),
    GoldenRecordState.GOLDEN_RECORD_STATE_ERASED: _("Erased"),
}
_LEAD_CLASSES = {
    LeadClass.LEAD_CLASS_LIVE: _("Live"),
    LeadClass.LEAD_CLASS_NAME: _("Name"),
    LeadClass.LEAD_CLASS_DEAD: _("Dead"),
}
_ACCOUNT_STATES = {
    AccountState.ACCOUNT_STATE_PROVISIONAL: _("Provisional"),
    AccountState.ACCOUNT_STATE_MASTERED: _("Mastered"),
}
_CHILD_KINDS = {
    ChildKind.CHILD_KIND_OPPORTUNITY: _("Opportunities"),
    ChildKind.CHILD_KIND_INVOICE: _("Invoices"),
    ChildKind.CHILD_KIND_ORDER: _("Orders"),
    ChildKind.CHILD_KIND_CASE: _("Support cases"),
    ChildKind.CHILD_KIND_CAMPAIGN: _("Campaigns"),
    ChildKind.CHILD_KIND_CONTRACT: _("Contracts"),
}
_RULES = {
    SurvivorshipRule.SURVIVORSHIP_RULE_MOST_TRUSTED: _("most trusted source"),
    SurvivorshipRule.SURVIVORSHIP_RULE_MOST_RECENT: _("most recent"),
    SurvivorshipRule.SURVIVORSHIP_RULE_MOST_COMPLETE: _("most complete"),
    SurvivorshipRule.SURVIVORSHIP_RULE_MOST_FREQUENT: _("most frequent"),
    SurvivorshipRule.SURVIVORSHIP_RULE_CHOICE: _("the steward's choice"),
}
_FUNCTIONS = {
    "sales": _("Sales"),
    "support": _("Support"),
    "marketing": _("Marketing"),
    "finance": _("Finance"),
    "operations": _("Operations"),
    "partners": _("Partners"),
}
_SOURCES = {
    "erp": _("ERP"),
    "crm": _("CRM"),
    "desk": _("Support desk"),
    "partner": _("Partner portal"),
    "shop": _("Web shop"),
    "marketing": _("Marketing automation"),
}
# In the order in which they are shown.
FIELDS = {
    "title": _("Title"),
    "person_name": _("Person's name"),
    "full_name": _("Full name"),
    "given_name": _("Given name"),
    "middle_name": _("Middle name"),
    "family_name": _("Family name"),
    "suffix": _("Suffix"),
    "maiden_name": _("Maiden name"),
    "other_name": _("Other name"),
    "company_name": _("Company"),
    "job_title": _("Job title"),
    "email": _("E-mail"),
    "secondary_email": _("Second e-mail"),
    "phone": _("Phone"),
    "mobile_phone": _("Mobile phone"),
    "website": _("Website"),
    "address": _("Address"),
    "street": _("Street"),
    "postal_code": _("Postal code"),
    "city": _("City"),
    "region": _("Region"),
    "country": _("Country"),
    "gender": _("Gender"),
    "birth_date": _("Date of birth"),
    "birth_place": _("Place of birth"),
    "customer_number": _("Customer number"),
    "tax_id": _("Tax id"),
    "registration_number": _("Registration number"),
    "national_id": _("National id"),
    "industry": _("Industry"),
    "lead_source": _("Lead source"),
}
# What the model compares that is no single field, and the other explanations that it weighs.
_COMPARISONS = {
    "employer": _("Employer"),
    "place": _("Place"),
    "branch": _("Branch"),
    "legal_form": _("Legal form"),
    "household": _("One household"),
    "colleague": _("Colleagues"),
    "namesake": _("Namesakes"),
    "neighbour": _("Neighbours"),
    "shared_contact": _("A shared contact"),
    "group": _("One group of companies"),
    "other_branch": _("Two branches"),
}
# What sources say beside the values.
FACTS = {
    "open_opportunities": _("Open opportunities"),
    "open_pipeline": _("Open pipeline"),
    "yearly_revenue": _("Yearly revenue"),
    "open_cases": _("Open cases"),
    "open_invoices": _("Open invoices"),
    "orders_in_fulfilment": _("Orders in fulfilment"),
    "active_campaigns": _("Active campaigns"),
    "contracts": _("Contracts"),
    "partner_of_record": _("Partner of record"),
    "named_account": _("Named account"),
    "current_account": _("Current account"),
    "government": _("Government"),
    "employees": _("Employees"),
    "legal_entity": _("Legal entity"),
    "legal_hold": _("Legal hold"),
    "marketing_consent": _("Marketing consent"),
    "requested": _("Requested"),
    "disqualified": _("Disqualified"),
    "disqualified_reason": _("Disqualified because"),
    "disqualified_step": _("Disqualified at"),
    "last_touched": _("Last touched"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """Names in one language. What the console has no name for is shown as it is written."""

    language: Language
    people: Mapping[str, str]

    def kind(self, kind: "RecordKind.ValueType") -> str:
        return self._of(_KINDS, kind)

    def impact(self, impact: "Impact.ValueType") -> str:
        return self._of(_IMPACTS, impact)

    def state(self, state: "MergeProposalState.ValueType") -> str:
        return self._of(_STATES, state)

    def type(self, proposal_type: "MergeProposalType.ValueType") -> str:
        return self._of(_TYPES, proposal_type)

    def verdict(self, verdict: "Verdict.ValueType") -> str:
        return self._of(_VERDICTS, verdict)

    def decision(self, decision: "VoteDecision.ValueType") -> str:
        return self._of(_DECISIONS, decision)

    def golden_state(self, state: "GoldenRecordState.ValueType") -> str:
        return self._of(_GOLDEN_STATES, state)

    def lead_class(self, lead_class: "LeadClass.ValueType") -> str:
        return self._of(_LEAD_CLASSES, lead_class)

    def account_state(self, state: "AccountState.ValueType") -> str:
        return self._of(_ACCOUNT_STATES, state)

    def child_kind(self, kind: "ChildKind.ValueType") -> str:
        return self._of(_CHILD_KINDS, kind)

    def rule(self, rule: "SurvivorshipRule.ValueType") -> str:
        return self._of(_RULES, rule)

    def function(self, function: str) -> str:
        return self.language(_FUNCTIONS[function]) if function in _FUNCTIONS else function

    def functions(self, functions: Iterable[str]) -> str:
        """Several of them in one line."""
        return ", ".join(self.function(each) for each in functions)

    def source(self, source: str) -> str:
        return self.language(_SOURCES[source]) if source in _SOURCES else source

    def field(self, field: str) -> str:
        """A field, or the group of fields that survive together."""
        if field in FIELDS:
            return self.language(FIELDS[field])
        return field.removeprefix("custom.").replace("_", " ").capitalize()

    def comparison(self, comparison: str) -> str:
        known = _COMPARISONS.get(comparison)
        return self.language(known) if known else self.field(comparison)

    def fact(self, fact: str) -> str:
        return self.language(FACTS[fact]) if fact in FACTS else fact.replace("_", " ").capitalize()

    def person(self, principal: str) -> str:
        """The display name of a principal, or the principal's own name where nobody knows them."""
        return self.people.get(principal) or principal.removeprefix("users/").removeprefix("services/")

    def _of(self, names: Mapping[Enum, str], number: Enum) -> str:
        return self.language(names[number]) if number in names else "\N{EN DASH}"
