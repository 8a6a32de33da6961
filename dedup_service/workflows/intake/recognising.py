"""Which account a person belongs to, or a company is, and how sure that is (domain 9.1, 9.2)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rapidfuzz import fuzz

import scoring
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.intake.answers import RecognisedAccount
from dedup_service.domain.intake.rules import IntakePolicy
from dedup_service.domain.intake.standing import is_acted_on, standing_of
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import Record
from dedup_service.workflows.intake.items import Item
from dedup_service.workflows.intake.search import Hit

# Accounts looked at for one person; a domain that more share says next to nothing.
MOST_ACCOUNTS = 5
# A person's own line and address say nothing against the company that they work for, nor does it that they
# may sit in another branch of it.
_OF_THE_PERSON = frozenset({"phone", "street", "place", "branch", "other_branch"})
_LEAST_EVIDENCE_BITS = 0.05
# Of 100, by rapidfuzz.fuzz.token_set_ratio.
_LEAST_SAME_NAME = 90


def recognised(
    item: Item,
    hits: Sequence[Hit],
    records: Mapping[int, Record],
    goldens: Mapping[str, GoldenRecord],
    policy: Policy,
) -> RecognisedAccount | None:
    """The account that a person or company most likely belongs to; None when none comes near.

    Of two that are as likely the one with a standing goes first: a target list or a contract says that it is
    the one which somebody works with.
    """
    rules = policy.intake
    live = [(hit, records[hit.record_no]) for hit in hits[:MOST_ACCOUNTS] if hit.record_no in records]
    live = [(hit, record) for hit, record in live if not record.draft.person_account]
    by_domain = _company_count(record for hit, record in live if hit.domains)
    found = [_account(item, hit, record, by_domain, rules) for hit, record in live]
    weighed = []
    for account in found:
        known = _with_standing(account, goldens[account.golden_id], policy)
        rank = (known.recognised, bool(known.target_lists), bool(known.current_reason), known.confidence)
        weighed.append((tuple(-float(part) for part in rank), known.record, known))
    return min(weighed, key=lambda one: one[:2])[2] if weighed else None


def _company_count(accounts: Iterable[Record]) -> int:
    """How many companies these accounts are: two of one name are one that is in there twice."""
    names: list[str] = []
    for record in accounts:
        name = record.draft.values.get("company_name", "").casefold()
        if not any(fuzz.token_set_ratio(name, other) >= _LEAST_SAME_NAME for other in names):
            names.append(name)
    return len(names)


def said_to_be(record: Record, golden: GoldenRecord, policy: Policy) -> RecognisedAccount:
    """The account that a source itself says somebody belongs to: nothing is surer."""
    account = RecognisedAccount(golden.golden_id, record.key, 1.0, ("its source names the account",))
    return _with_standing(account, golden, policy)


def _with_standing(account: RecognisedAccount, golden: GoldenRecord, policy: Policy) -> RecognisedAccount:
    standing = standing_of(golden.members, policy)
    return replace(
        account,
        target_lists=standing.target_lists,
        current_reason=standing.current_reason,
        recognised=is_acted_on(account.confidence, policy.intake),
    )


def _account(item: Item, hit: Hit, record: Record, by_domain: int, rules: IntakePolicy) -> RecognisedAccount:
    confidence = hit.score.match_probability if not item.person else _of_a_person(hit.score)
    evidence = [
        contribution.evidence
        for contribution in sorted(hit.score.contributions, key=lambda c: -c.weight_bits)
        if contribution.weight_bits >= _LEAST_EVIDENCE_BITS
    ]
    if item.person and hit.domains and item.company is not None and not item.company.company:
        # No name to compare: the domain speaks alone, the less the more accounts have it.
        confidence = max(confidence, rules.domain_confidence / by_domain)
        evidence = [f"the domain of the e-mail address or website is that of {_accounts(by_domain)}"]
    return RecognisedAccount(record.golden_id, record.key, confidence, tuple(evidence))


def _accounts(count: int) -> str:
    return "one account" if count == 1 else f"{count} accounts"


def _of_a_person(score: scoring.PairScore) -> float:
    """The probability without what a person's own line or address takes from it, 0 to 1."""
    bits = score.match_weight_bits - sum(
        min(0.0, c.weight_bits) for c in score.contributions if c.comparison in _OF_THE_PERSON
    )
    return 1.0 / (1.0 + math.exp2(-bits)) if bits > -60 else 0.0
