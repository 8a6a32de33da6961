"""Every text of every answer is masked by a rule, or has a reason here why it needs none."""

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor

import scoring
from dedup_service.domain.fields import FIELDS
from dedup_service.rpc.sight.compared import COMPARED, IDENTIFIERS, MAIL, OF_COMPARISON, OF_KEY, PHONE, PLACE
from dedup_service.rpc.sight.rules import RULES
from scoring.blocking import unsorted_blocking_keys
from scoring.comparators import COMPANY_COMPARATORS, PERSON_COMPARATORS
from tests.rpc.sight_calls import METHODS

# Texts that hold no value of a record by what they are, whatever message they are in: names of resources and
# people, versions, and times. Names of hidden records are taken out of all texts.
HARMLESS_FIELDS = {
    *(
        "name",
        "etag",
        "golden_record",
        "golden_records",
        "successor",
        "merge",
        "proposal",
        "distinction",
        "intake",
    ),
    *(
        "redirect_chain",
        "from_golden_record",
        "to_golden_record",
        "merge_proposal",
        "survivor",
        "record",
        "records",
    ),
    *(
        "account",
        "parent",
        "members",
        "left",
        "right",
        "targets",
        "lead",
        "target",
        "function",
        "functions",
        "owner",
    ),
    *("principal", "queue", "team", "partner", "source", "sources", "systems", "creator", "caller", "author"),
    *(
        "proposer",
        "executor",
        "undo_principal",
        "delegator",
        "delegate",
        "on_behalf_of",
        "requested_by",
        "actor",
    ),
    *(
        "escalated_to",
        "missing_functions",
        "next_page_token",
        "token",
        "change",
        "oldest_proposal",
        "last_run",
    ),
    *(
        "operation",
        "scoring_model",
        "policy_version",
        "version",
        "plan_hash",
        "hash",
        "previous_hash",
        "digest",
    ),
    *(
        "changes_digest",
        "action",
        "rule",
        "rung",
        "field",
        "comparison",
        "level",
        "grade",
        "part",
        "masked_tag",
    ),
    *(
        "currency_code",
        "type_url",
        "verdict",
        "arbiter",
        "tie_breaker",
        "lifted_by",
        "owners",
        "engine",
        "child_id",
    ),
}
# Other texts, each with why it holds none.
HARMLESS = {
    "Owner": "ids of principals and queues",
    "Fact": "facts are no fields: a policy masks fields; a hidden record is left out with its facts",
    "Stake": "says which fact or owner gives a stake",
    "LeadClassChange": "says when it asked, or why its source disqualified it, which is a fact",
    "Record": "lead_class_reason: as LeadClassChange",
    "UnattendedLead": "as LeadClassChange; of a hidden record it is left out",
    "RouteResponse": "as LeadClassChange; of a hidden record it is left out",
    "MatchWarning": "as LeadClassChange; of a hidden record it is left out",
    "IntakeDuplicate": "as LeadClassChange; of a hidden record it is left out",
    "IntakeReason": "names records and target lists",
    "ConvertLeadResponse": "names records",
    "PlanMember": "display_name and display_detail are made for the caller (domain/display.py)",
    "PlanChange": "names golden records and records",
    "ImpactReason": "counts, amounts of facts, and owners",
    "ImpactPreview": "counts, amounts of facts, and owners",
    "Veto": "counts values that differ and names records",
    "Ballot": "functions and counts",
    "Voice": "why a function is asked: as Veto",
    "Vote": "comments are what people write to all",
    "Standing": "functions",
    "MergeProposal": "comments are what people write to all; `missing` as Voice",
    "Merge": "a reason is what somebody wrote to all",
    "UndoConflict": "names records",
    "Distinction": "a reason is what somebody wrote to all",
    "Delegation": "a reason is what somebody wrote to all",
    "AuditEntry": "the audit holds no values",
    "AuditHead": "the audit holds no values",
    "KnownAuditHead": "the audit holds no values",
    "VerifyAuditResponse": "the audit holds no values",
    "ErasureCertificate": "names places of the store, and a reason without personal values",
    "ErasedPlace": "names places of the store",
    "CleanupJob": "names of jobs",
    "CleanupScope": "a filter over kinds, sources and states",
    "CleanupPlan": "counts",
    "CleanupRun": "why a run stopped",
    "CleanupCommonKey": "the rule of a key without its value",
    "CleanupFailure": "what failed, by golden record",
    "Policy": "the rules themselves are for all to read",
    "PolicyDecision": "functions and veto rules",
    "PolicyDifference": "names people",
    "TerritoryLoad": "names targets",
    "MergeProposalFacet": "values of impact, kind, source and owner",
    "MergeProposalFacetValue": "values of impact, kind, source and owner",
    "IndexStatus": "says what is wrong with the index",
    "Caller": "who calls",
    "ScoringModel": "parameters of the model, which are of all records together",
    "EntityParameters": "parameters of the model",
    "AlternativeReason": "parameters of the model",
    "Comparison": "parameters of the model",
    "ComparisonLevel": "parameters of the model",
    "BlockingRule": "parameters of the model",
    "Assignment": "`reasons` has a rule",
    "RejectedRecord": "what is wrong with what the caller has sent",
    "BadRequest": "what is wrong with what the caller has sent",
    "FieldViolation": "what is wrong with what the caller has sent",
    "LocalizedMessage": "not used",
    "Status": "errors hold no personal values (F-3); names of hidden records are taken out",
    "HeldText": "`text` has a rule; the place is one of the store",
    "ListOperationsResponse": "names of places, of which there is one",
    "LeadScoreReason": "the rule of LeadScore leaves it out",
    "WaterfallStep": "the rule of ExplainMatchResponse masks it",
}
# Maps of text: all are masked by the rule of the message, or hold names of records.
MAPS = {"Record.values", "GoldenImage.values", "Record.masked_values", "GoldenImage.masked_values"}
NAMES_BY_FIELD = {"MergeProposal.field_choices", "MergePlan.field_choices", "BeforeImage.field_choices"}
# Values that do not tell of which field they are: the message above them has the rule.
IN_PARENT = {"GoldenValue": {"GoldenRecord", "PreviewValue"}, "PreviewValue": {"MergePlan"}}
IN_PARENT["LosingValue"] = {"PreviewValue"}


def messages(found: dict[str, Descriptor], message: Descriptor) -> None:
    if message.full_name in found:
        return
    found[message.full_name] = message
    for field in message.fields:
        if field.message_type is not None:
            messages(found, field.message_type)


def answered() -> dict[str, Descriptor]:
    """Every message that can be in an answer."""
    found: dict[str, Descriptor] = {}
    for method in METHODS.values():
        messages(found, method.output_type)
    return found


def texts() -> Iterator[tuple[Descriptor, FieldDescriptor]]:
    for message in answered().values():
        if message.GetOptions().map_entry:
            continue
        for field in message.fields:
            entry = field.message_type if field.message_type is not None else None
            is_text_map = (
                entry is not None
                and entry.GetOptions().map_entry
                and entry.fields_by_name["value"].type == FieldDescriptor.TYPE_STRING
            )
            if field.type == FieldDescriptor.TYPE_STRING or is_text_map:
                yield message, field


def test_every_text_of_an_answer_has_a_rule_or_a_reason() -> None:
    """A new field with text is named here until somebody has decided what of it may be seen."""
    undecided = []
    for message, field in texts():
        if field.type != FieldDescriptor.TYPE_STRING:
            if f"{message.name}.{field.name}" not in MAPS | NAMES_BY_FIELD:
                undecided.append(f"{message.name}.{field.name}")
        elif not (
            message.full_name in RULES
            or message.name in IN_PARENT
            or message.name in HARMLESS
            or field.name in HARMLESS_FIELDS
        ):
            undecided.append(f"{message.name}.{field.name}")
    assert not undecided


def test_bytes_and_packed_messages_are_only_those_that_are_looked_into() -> None:
    """What is packed into an answer passes the rules as well: `Any` has one."""
    packed = {
        f"{message.name}.{field.name}"
        for message in answered().values()
        for field in message.fields
        if field.type == FieldDescriptor.TYPE_BYTES
    }
    assert packed == {"Any.value"}
    assert "google.protobuf.Any" in RULES


def test_values_stand_only_below_messages_that_mask_them() -> None:
    """A value without the name of its field is nowhere but in a message whose rule knows it."""
    parents: dict[str, set[str]] = {name: set() for name in IN_PARENT}
    for message in answered().values():
        for field in message.fields:
            below = field.message_type
            if below is not None and below.GetOptions().map_entry:
                below = below.fields_by_name["value"].message_type
            if below is not None and below.name in parents and not message.GetOptions().map_entry:
                parents[below.name].add(message.name)
    assert parents == IN_PARENT


def test_every_ruled_message_can_be_answered() -> None:
    """No rule is for a message that is gone."""
    assert set(answered()) >= set(RULES)


def test_the_tables_name_every_comparison_and_key() -> None:
    """Each comparison and each blocking rule says of which fields it is made."""
    comparisons = {each.name for each in (*PERSON_COMPARATORS, *COMPANY_COMPARATORS)}
    assert set(OF_COMPARISON) == comparisons
    assert set(OF_KEY) == {rule.prefix for rule in scoring.blocking_rules()}
    assert set(FIELDS) >= COMPARED


_EXAMPLE = {
    "title": "Dr",
    "given_name": "Anna",
    "middle_name": "Maria",
    "family_name": "Schmidt",
    "full_name": "Anna Maria Schmidt",
    "suffix": "jr",
    "maiden_name": "Becker",
    "other_name": "Asya Ivanova",
    "gender": "female",
    "birth_date": "1971-03-19",
    "birth_place": "Bonn",
    "job_title": "Director",
    "company_name": "Becker Maschinenbau GmbH",
    "email": "anna@becker-maschinenbau.de",
    "secondary_email": "asya@example.org",
    "phone": "+49 228 1234567",
    "mobile_phone": "+49 151 23456789",
    "website": "www.becker-maschinenbau.de",
    "street": "Hauptstr. 5",
    "city": "Bonn",
    "region": "NRW",
    "postal_code": "53111",
    "country": "DE",
    "national_id": "L01X00T47",
    "tax_id": "DE811128135",
    "registration_number": "HRB 1234",
    "customer_number": "C-100",
    "industry": "Machines",
}


def test_the_tables_name_every_field_that_a_comparison_reads() -> None:
    """Taking a field away changes what a comparison reads, or keys, only where a table says so."""
    wrong = []
    for entity, comparators in (
        (scoring.Entity.PERSON, PERSON_COMPARATORS),
        (scoring.Entity.COMPANY, COMPANY_COMPARATORS),
    ):
        whole = scoring.prepare(_EXAMPLE, entity)
        for name in _EXAMPLE:
            less = scoring.prepare({k: v for k, v in _EXAMPLE.items() if k != name}, entity)
            for each in comparators:
                read = any(getattr(whole, part) != getattr(less, part) for part in each.reads)
                if read and name not in OF_COMPARISON[each.name]:
                    wrong.append(f"{entity} {each.name} reads {name}")
        for few in _FEW:
            wrong += _wrong_keys(entity, {k: v for k, v in _EXAMPLE.items() if k in few})
    assert not wrong


# A record has so many keys at most, beyond which one more pushes out another: each example has fewer.
_MOST_KEYS = 24
_WHO = {"given_name", "family_name", "company_name", "country"}
_FEW = (
    _WHO | {"birth_date", "title", "suffix", "middle_name", "gender"},
    _WHO | PLACE,
    _WHO | {"full_name", "other_name"},
    _WHO | {"maiden_name", "postal_code", "birth_date"},
    _WHO | MAIL | PHONE | {"website"},
    _WHO | IDENTIFIERS | {"job_title", "industry", "birth_place"},
)


def _wrong_keys(entity: scoring.Entity, example: dict[str, str]) -> Iterator[str]:
    comparable = scoring.prepare(example, entity)
    assert len(unsorted_blocking_keys(comparable)) < _MOST_KEYS
    keys = set(scoring.blocking_keys(comparable))
    for name in example:
        less = scoring.prepare({k: v for k, v in example.items() if k != name}, entity)
        others = set(scoring.blocking_keys(less))
        for prefix in {key.partition(":")[0] for key in keys ^ others}:
            if name not in OF_KEY[prefix]:
                yield f"key {prefix} of {entity} is made of {name}"
