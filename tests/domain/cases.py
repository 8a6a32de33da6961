"""Golden records and plans in memory, for rules that need no store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from dedup_service.domain.golden import GoldenRecord, GoldenRow, GoldenState
from dedup_service.domain.plan import FieldChoice, Plan, default_survivor, make_plan
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import Record, RecordDraft, RecordState
from tests.domain.written_policy import WRITTEN_POLICY

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
_numbers = count(1)


def stored(draft: RecordDraft, golden_id: str = "g", state: RecordState = RecordState.ACTIVE) -> Record:
    """A record as the store would hold it."""
    return Record(draft, next(_numbers), golden_id, 1, 1, JANUARY, JANUARY, state)


def golden(golden_id: str, *drafts: RecordDraft, state: RecordState = RecordState.ACTIVE) -> GoldenRecord:
    """A live golden record of these records; its kind is that of the first."""
    row = GoldenRow(golden_id, drafts[0].kind, GoldenState.LIVE, 1, 1, JANUARY)
    return GoldenRecord(row, tuple(stored(draft, golden_id, state) for draft in drafts))


def merged_away(of: GoldenRecord, into: str) -> GoldenRecord:
    return GoldenRecord(replace(of.row, state=GoldenState.MERGED, successor_id=into), ())


def plan_of(
    *goldens: GoldenRecord,
    survivor: str = "",
    choices: Sequence[FieldChoice] = (),
    policy: Policy = WRITTEN_POLICY,
) -> Plan:
    chosen = survivor or default_survivor(goldens, policy, NOW).golden_id
    return make_plan(goldens, chosen, choices, policy)
