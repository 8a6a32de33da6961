"""Look at the whole desk: what was done day by day, what waits, how good the model is, how the index is."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from dedup_service.domain.activity import (
    DEFAULT_DAYS,
    MAX_DAYS,
    CalibrationStudy,
    DayOfActivity,
    QueueStudy,
    days_of_activity,
)
from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.golden import GoldenRecord, survivorship
from dedup_service.domain.records import Violation
from dedup_service.workflows.index_port import BlockingIndex, IndexStatus
from dedup_service.workflows.pages import Page
from dedup_service.workflows.ports import ClockNow, ReadTransaction, Store
from dedup_service.workflows.rules import Rules

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ProvisionalAccount:
    """A provisional account, and since when it waits for the customer master.

    `display_name` is that of the company or else of the person; empty when no member holds one.
    """

    golden: GoldenRecord
    display_name: str
    wait_time: datetime


@dataclass(frozen=True, slots=True)
class ProvisionalAccounts:
    """A page of provisional accounts, the cursor of the next, and how many there are on all pages."""

    accounts: tuple[ProvisionalAccount, ...]
    next: tuple[str, ...] | None
    total_count: int


@dataclass(frozen=True, slots=True)
class IndexFreshness:
    """How the index is beside a ledger whose last revision is `head_revision`.

    `lag` is how long ago the first revision was committed that the index has not applied.
    """

    status: IndexStatus
    head_revision: int
    lag: timedelta

    @property
    def behind_count(self) -> int:
        return self.head_revision - self.status.applied_revision


class OverviewReadings:
    """The use cases that count over the whole store; open to every authenticated principal."""

    def __init__(self, store: Store, index: BlockingIndex, rules: Rules, now: ClockNow) -> None:
        self._store = store
        self._index = index
        self._rules = rules
        self._now = now

    async def activity(self, start: datetime | None, end: datetime | None) -> tuple[DayOfActivity, ...]:
        """The days from that of `start` to the one that ends at or after `end`; at most until today.

        Raises:
            InvalidInput: with every violation, by the fields of the request.
        """
        first, last = _days(start, end, self._now())

        async def work(tx: ReadTransaction) -> tuple[DayOfActivity, ...]:
            return days_of_activity(first, last, await tx.activity(first))

        return await self._store.read(work)

    async def queues(self) -> QueueStudy:
        """What waits for each function of the policy."""
        functions, now = self._rules.policy.functions, self._now()
        return await self._store.read(lambda tx: tx.queues(functions, now))

    async def calibration(self, start: datetime | None, end: datetime | None) -> CalibrationStudy:
        """How often people agreed with the model.

        Raises:
            InvalidInput: when the span is empty.
        """
        if violations := _empty_span(start, end):
            raise InvalidInput(violations)
        return await self._store.read(lambda tx: tx.calibration(start, end))

    async def provisional_accounts(self, page: Page) -> ProvisionalAccounts:
        """Accounts that the customer master does not know, the longest waiting first."""
        sources = self._rules.policy.sources
        masters = tuple(sorted(name for name, source in sources.items() if source.customer_master))
        page = replace(page, master_sources=masters)

        async def work(tx: ReadTransaction) -> ProvisionalAccounts:
            listed = await tx.list_waiting_accounts(page)
            goldens = await tx.goldens([account.golden_id for account in listed.items])
            accounts = [
                self._account(goldens[account.golden_id], account.wait_time) for account in listed.items
            ]
            total_count = await tx.provisional_account_count(masters)
            return ProvisionalAccounts(tuple(accounts), listed.next, total_count)

        return await self._store.read(work)

    def _account(self, golden: GoldenRecord, wait_time: datetime) -> ProvisionalAccount:
        values = survivorship(golden.members, golden.row.choices, self._rules.policy)
        shown = {name: value.value for name, value in values.items()}
        person = " ".join(shown[part] for part in ("given_name", "family_name") if part in shown)
        name = shown.get("company_name") or shown.get("full_name") or person
        return ProvisionalAccount(golden, name, wait_time)

    async def index_freshness(self) -> IndexFreshness:
        """How far the index has come.

        Raises:
            IndexUnavailable: the index server does not answer.
        """
        # The index is read first: it is never ahead of a ledger that is read later.
        status = await self._index.status()

        async def work(tx: ReadTransaction) -> tuple[int, datetime | None]:
            return await tx.head_revision(), await tx.revision_time(status.applied_revision + 1)

        head, missed_time = await self._store.read(work)
        lag = max(self._now() - missed_time, timedelta()) if missed_time is not None else timedelta()
        return IndexFreshness(status, head, lag)


def _days(start: datetime | None, end: datetime | None, now: datetime) -> tuple[date, date]:
    """The first and the last day of a span, in UTC."""
    violations = _empty_span(start, end)
    if start is not None and start > now:
        violations.append(Violation("start_time", "must not be in the future"))
    last_moment = now if end is None or end > now else end - _TICK
    last = last_moment.astimezone(UTC).date()
    first = last - timedelta(days=DEFAULT_DAYS - 1) if start is None else start.astimezone(UTC).date()
    if not violations and (last - first).days >= MAX_DAYS:
        rule = f"takes at most {MAX_DAYS:,} days up to the last one, not {(last - first).days + 1:,}"
        violations.append(Violation("start_time", rule))
    if violations:
        raise InvalidInput(violations)
    return first, last


def _empty_span(start: datetime | None, end: datetime | None) -> list[Violation]:
    if start is not None and end is not None and end <= start:
        return [Violation("end_time", "must be later than start_time")]
    return []
