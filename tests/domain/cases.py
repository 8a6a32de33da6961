"""Golden records and cases in memory, for rules that need no store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from dedup_service.domain.decision import Case, Vote, VoteDecision
from dedup_service.domain.golden import GoldenRecord, GoldenRow, GoldenState
from dedup_service.domain.plan import FieldChoice, Plan, default_survivor, make_plan
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import Record, RecordDraft, RecordState
from tests.merge_desk import JANUARY, POLICY

NOW = datetime(2026, 6, 1, tzinfo=JANUARY.tzinfo)
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
    policy: Policy = POLICY,
) -> Plan:
    chosen = survivor or default_survivor(goldens, policy, NOW).golden_id
    return make_plan(goldens, chosen, choices, policy)


def case_of(
    *goldens: GoldenRecord,
    proposer: str = "services/matcher",
    survivor: str = "",
    distinctions: tuple[str, ...] = (),
    policy: Policy = POLICY,
) -> Case:
    plan = plan_of(*goldens, survivor=survivor, policy=policy)
    return Case(plan, goldens, proposer, distinctions, policy, NOW)


def vote(case: Case, name: str, *functions: str, reject: bool = False, plan_hash: str = "") -> Vote:
    return Vote(
        principal=name if "/" in name else f"users/{name}",
        functions=functions,
        decision=VoteDecision.REJECT if reject else VoteDecision.APPROVE,
        plan_hash=plan_hash or case.plan.hash,
        comment="",
        time=NOW,
    )
