"""The veto rules: what stops a merge whatever the votes (domain 7.6)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.impact import mastered_golden_count, on_legal_hold
from dedup_service.domain.leads import account_state, golden_lead_class
from dedup_service.domain.policy import Policy, VetoRule
from dedup_service.domain.records import AccountState, LeadClass, Record


@dataclass(frozen=True, slots=True)
class VetoCase:
    """What the veto rules read.

    `distinctions` are the names of the not-a-match links that the plan would cross, `cycles` sentences about
    the account hierarchies that it would close into a ring.
    """

    goldens: tuple[GoldenRecord, ...]
    survivor_id: str
    distinctions: tuple[str, ...]
    cycles: tuple[str, ...]
    policy: Policy
    now: datetime

    @property
    def survivor(self) -> GoldenRecord:
        return next(g for g in self.goldens if g.golden_id == self.survivor_id)

    @property
    def records(self) -> list[Record]:
        return [record for golden in self.goldens for record in golden.active_members]


@dataclass(frozen=True, slots=True)
class RaisedVeto:
    """A rule that this merge breaks, and why; an approval of `lifted_by` would lift it."""

    rule: VetoRule
    reason: str
    lifted_by: str = ""


def raised_vetoes(case: VetoCase) -> tuple[RaisedVeto, ...]:
    """Every rule in force that this case breaks, in the order of the policy, lifted or not."""
    return tuple(
        RaisedVeto(veto.rule, reason, veto.lifted_by)
        for veto in case.policy.vetoes
        for reason in _RULES[veto.rule](case)
    )


def _not_a_match(case: VetoCase) -> Iterable[str]:
    for name in sorted(case.distinctions):
        yield f"{name} says that members of this plan are not the same"


def _dead_survivor(case: VetoCase) -> Iterable[str]:
    found = golden_lead_class(case.survivor.members, case.policy, case.now)
    if found is not None and found[0] is LeadClass.DEAD:
        # Without the reason of its death: that is free text about a person.
        yield f"{case.survivor.name} is a DEAD lead, which never survives a merge"


def _colder_survivor(case: VetoCase) -> Iterable[str]:
    found = golden_lead_class(case.survivor.members, case.policy, case.now)
    if found is None or found[0] is not LeadClass.NAME:
        return
    for golden in case.goldens:
        other = golden_lead_class(golden.members, case.policy, case.now)
        if other is not None and other[0] is LeadClass.LIVE:
            yield f"{golden.name} is LIVE: a NAME does not survive over it (rule 2.5)"


def _provisional_survivor(case: VetoCase) -> Iterable[str]:
    provisional = account_state(case.survivor.members, case.policy) is AccountState.PROVISIONAL
    if provisional and mastered_golden_count(case.goldens, case.policy):
        yield "a provisional account never survives over a mastered one"


def _different_tax_ids(case: VetoCase) -> Iterable[str]:
    numbers = {
        _bare(record.draft.values.get("tax_id", ""))
        for record in case.records
        if _bare(record.draft.values.get("tax_id", ""))
    }
    if len(numbers) > 1:
        yield f"the members carry {len(numbers)} different tax ids"


def _different_customer_numbers(case: VetoCase) -> Iterable[str]:
    """Two numbers of one ledger are two customers to finance; numbers of two ledgers may be one customer."""
    by_ledger: defaultdict[str, set[str]] = defaultdict(set)
    for record in case.records:
        number = _bare(record.draft.values.get("customer_number", ""))
        if number and case.policy.source(record.key.source).customer_master:
            by_ledger[record.key.source].add(number)
    for source, numbers in sorted(by_ledger.items()):
        if len(numbers) > 1:
            yield f"the members carry {len(numbers)} different customer numbers of {source}"


def _legal_hold(case: VetoCase) -> Iterable[str]:
    for record in sorted(on_legal_hold(case.records), key=lambda r: r.key):
        yield f"{record.name} is on legal hold: nothing may be merged until its source lifts it"


def _contradicting_consent(case: VetoCase) -> Iterable[str]:
    said: defaultdict[bool, list[str]] = defaultdict(list)
    for record in sorted(case.records, key=lambda r: r.key):
        for fact in record.draft.facts:
            if fact.name == "marketing_consent" and fact.flag is not None:
                said[fact.flag].append(record.name)
    if len(said) > 1:
        yield (
            f"{said[True][0]} says that marketing consent was given and {said[False][0]} that it was not: "
            "correct one of them first"
        )


def _hierarchy_cycle(case: VetoCase) -> Iterable[str]:
    return case.cycles


def _bare(identifier: str) -> str:
    """An identifier without spaces and punctuation, in capitals: how two systems write the same one."""
    return "".join(c for c in identifier.upper() if c.isalnum())


_RULES: Mapping[VetoRule, Callable[[VetoCase], Iterable[str]]] = {
    VetoRule.NOT_A_MATCH: _not_a_match,
    VetoRule.DEAD_SURVIVOR: _dead_survivor,
    VetoRule.COLDER_SURVIVOR: _colder_survivor,
    VetoRule.PROVISIONAL_SURVIVOR: _provisional_survivor,
    VetoRule.DIFFERENT_TAX_IDS: _different_tax_ids,
    VetoRule.DIFFERENT_CUSTOMER_NUMBERS: _different_customer_numbers,
    VetoRule.LEGAL_HOLD: _legal_hold,
    VetoRule.CONTRADICTING_CONSENT: _contradicting_consent,
    VetoRule.HIERARCHY_CYCLE: _hierarchy_cycle,
}
