"""What to do with each record of a batch, as far as reading tells; nothing is locked or written here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import scoring
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.intake.answers import Duplicate, IntakeStep
from dedup_service.domain.intake.folding import contradiction
from dedup_service.domain.intake.ladder import take_step
from dedup_service.domain.intake.rules import IntakePolicy
from dedup_service.domain.leads import lead_class
from dedup_service.domain.principals import may_write
from dedup_service.domain.records import LeadClass, Record, RecordKind
from dedup_service.workflows.intake.items import Item
from dedup_service.workflows.intake.recognising import MOST_ACCOUNTS, recognised, said_to_be
from dedup_service.workflows.intake.search import Hit, Hits, Search
from dedup_service.workflows.ports import ClockNow, ReadTransaction
from dedup_service.workflows.rules import Rules

MOST_DUPLICATES = 10
MOST_NOTES = 3
# What confirms a name; a level of fewer bits, such as the same name at another mail provider, does not.
_CONFIRMING = frozenset(
    {"birth_date", "email", "phone", "street", "website"}
    | {"national_id", "tax_id", "registration_number", "customer_number"}
)
_CONFIRMING_BITS = 8.0
_KIND_RANK = {RecordKind.ACCOUNT: 0, RecordKind.CONTACT: 1, RecordKind.LEAD: 2}


@dataclass(frozen=True, slots=True)
class Planned:
    """The items with all that was found of them, complete up to the ledger's revision `head`.

    `accounts` are the golden records that were looked at to recognise an account.
    """

    items: tuple[Item, ...]
    head: int
    accounts: Mapping[str, GoldenRecord]


class Planning:
    """Finds duplicates and accounts, takes the step, and chooses what to update."""

    def __init__(self, search: Search, rules: Rules, now: ClockNow) -> None:
        self._search = search
        self._rules = rules
        self._now = now

    async def planned(self, tx: ReadTransaction, items: Sequence[Item], actor: str) -> Planned:
        """The items, filled in.

        Raises:
            IndexUnavailable: as `Search.found` does.
        """
        found = await self._search.found(tx, items)
        named = {item.draft.key for item in items if not item.new_id}
        named |= {item.draft.account for item in items if item.draft.account is not None}
        own = await tx.records(named) if named else {}
        numbers = {hit.record_no for hits in found.hits for hit in _looked_at(hits)}
        records = await tx.records_by_no(numbers) if numbers else {}
        records = {number: record for number, record in records.items() if record.active}
        said = {key: record for key, record in own.items() if _is_company(record)}
        accounts = await self._accounts(tx, found.hits, records, said.values())
        for item, hits in zip(items, found.hits, strict=True):
            item.incomplete = hits.incomplete
            item.own = own.get(item.draft.key)
            item.duplicates = self._duplicates(hits.same, records, item.own)
            of_source = said.get(item.draft.account) if item.draft.account is not None else None
            item.account = (
                recognised(item, hits.companies, records, accounts, self._rules.policy)
                if of_source is None or not of_source.active
                else said_to_be(of_source, accounts[of_source.golden_id], self._rules.policy)
            )
            item.taken = take_step(item.asked, item.account, self._rules.policy.intake)
            item.target = self._target(item, records, actor)
            item.merge_with = () if item.target is not None else self._merge_with(item)
            item.quoted = _quoted(item, accounts)
        return Planned(tuple(items), found.head, accounts)

    async def _accounts(
        self,
        tx: ReadTransaction,
        hits: Iterable[Hits],
        records: Mapping[int, Record],
        said: Iterable[Record],
    ) -> dict[str, GoldenRecord]:
        golden_ids = {
            records[hit.record_no].golden_id
            for each in hits
            for hit in each.companies[:MOST_ACCOUNTS]
            if hit.record_no in records
        }
        golden_ids.update(record.golden_id for record in said)
        return await tx.goldens(golden_ids) if golden_ids else {}

    def _duplicates(
        self, hits: Sequence[Hit], records: Mapping[int, Record], own: Record | None
    ) -> tuple[Duplicate, ...]:
        """The best hits as they are stored now, without the members of the record's own golden record."""
        found = []
        for hit in hits[:MOST_DUPLICATES]:
            record = records.get(hit.record_no)
            if record is None or (own is not None and record.golden_id == own.golden_id):
                continue
            found.append(
                Duplicate(
                    record=record.key,
                    record_no=record.record_no,
                    golden_id=record.golden_id,
                    kind=record.kind,
                    match_weight_bits=hit.score.match_weight_bits,
                    match_probability=hit.score.match_probability,
                    verdict=hit.score.verdict,
                    certain=certainly_same(hit.score, self._rules.policy.intake),
                    dead_reason=self._dead_reason(record),
                )
            )
        return tuple(found)

    def _dead_reason(self, record: Record) -> str:
        if record.kind is not RecordKind.LEAD:
            return ""
        found, why = lead_class(record.draft, self._rules.policy, self._now())
        return why if found is LeadClass.DEAD else ""

    def _target(self, item: Item, records: Mapping[int, Record], actor: str) -> Record | None:
        """The record to update: the very same, or a certain duplicate; why not is noted otherwise.

        Of several the one of the caller's own source goes first, then accounts before contacts before leads.
        """
        if item.own is not None:
            return item.own
        why_not = {d.record: self._why_not(item, d, records[d.record_no], actor) for d in item.duplicates}
        item.notes = tuple(f"{record.name} {why}" for record, why in why_not.items() if why)[:MOST_NOTES]
        fitting = [duplicate for duplicate in item.duplicates if not why_not[duplicate.record]]
        if not fitting:
            return None
        best = min(
            fitting,
            key=lambda duplicate: (
                duplicate.record.source != item.draft.key.source,
                _KIND_RANK[duplicate.kind],
                -duplicate.match_probability,
                duplicate.record_no,
            ),
        )
        return records[best.record_no]

    def _why_not(self, item: Item, duplicate: Duplicate, stored: Record, actor: str) -> str:
        """Why a duplicate is not updated; empty when it may be.

        Who has a record of their own already keeps it: a source that says what kind it is, and above all the
        customer master, whose numbers no other source can carry (domain 4.2).
        """
        policy, source = self._rules.policy, duplicate.record.source
        if not duplicate.certain:
            return f"is not certainly the same: probability {duplicate.match_probability:.4f}"
        keeps_own = item.asked.given_kind is not None or policy.source(item.draft.key.source).customer_master
        if keeps_own and source != item.draft.key.source:
            return f"is of another source, and {item.draft.key.source} has a record of its own"
        if item.step.step is IntakeStep.MUST_TRANSACT and duplicate.kind is not RecordKind.ACCOUNT:
            return f"is a {duplicate.kind}, and business at once needs an account"
        if not may_write(self._rules.principals.find(actor), source, policy, duplicate.kind):
            return f"belongs to {source}, whose records the caller may not write"
        given = item.asked.given_kind
        if given is not None and _KIND_RANK[duplicate.kind] > _KIND_RANK[given]:
            return f"is a {duplicate.kind}, and its source keeps the other as a {given}"
        return contradiction(stored.draft, item.draft)

    def _merge_with(self, item: Item) -> tuple[str, ...]:
        """The golden records that a new record may be the same as: those that certainly are, else the best.

        Two dead leads stay as they are (domain 2.4).
        """
        duplicates: Sequence[Duplicate] = item.duplicates
        if item.step.kind is RecordKind.LEAD and self._is_dead(item, self._now()):
            duplicates = [duplicate for duplicate in duplicates if not duplicate.dead_reason]
        certain = [duplicate.golden_id for duplicate in duplicates if duplicate.certain]
        least = self._rules.policy.intake.propose_from
        likely = [duplicate.golden_id for duplicate in duplicates if duplicate.match_probability >= least]
        chosen = certain or likely[:1]
        return tuple(dict.fromkeys(chosen))

    def _is_dead(self, item: Item, now: datetime) -> bool:
        return lead_class(item.draft, self._rules.policy, now)[0] is LeadClass.DEAD


def _quoted(item: Item, accounts: Mapping[str, GoldenRecord]) -> tuple[str, ...]:
    names = [duplicate.record.name for duplicate in item.duplicates if duplicate.dead_reason]
    if item.account is not None:
        names += [record.name for record in accounts[item.account.golden_id].members]
    return tuple(names)


def _is_company(record: Record) -> bool:
    return record.kind is RecordKind.ACCOUNT and not record.draft.person_account


def certainly_same(score: scoring.PairScore, rules: IntakePolicy) -> bool:
    """Whether a score is enough to update somebody's record without asking anybody.

    A name alone never is, however rare: somebody must be reached in the same way, born on the same day, or
    known by the same number.
    """
    if score.verdict is not scoring.Verdict.MATCH or score.match_probability < rules.update_from:
        return False
    return any(
        each.comparison in _CONFIRMING and each.weight_bits >= _CONFIRMING_BITS
        for each in score.contributions
    )


def _looked_at(hits: Hits) -> tuple[Hit, ...]:
    return (*hits.same[:MOST_DUPLICATES], *hits.companies[:MOST_ACCOUNTS])
