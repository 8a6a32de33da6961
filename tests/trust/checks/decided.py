"""The decision a second time, by the oracle: on every merge, and on every proposal that was just weighed.

A case can be put together again as long as nothing that it was made of has been written since. After each
single write that is always so; long after it, cases that cannot be are left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from dedup_service.domain.decision import Case
from dedup_service.domain.delegations import Delegation, Roles
from dedup_service.domain.golden import Choice, GoldenRecord, GoldenRow, GoldenState
from dedup_service.domain.plan import Plan
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principals
from dedup_service.domain.records import Record, RecordDraft, RecordKey, RecordKind, RecordState
from dedup_service.domain.voting import Vote, VoteDecision
from tests.domain.decision_oracle import Expected, Poll
from tests.domain.oracle_rules import LEVELS
from tests.trust.checks.rows import MergeLine, ProposalLine, RecordLine, VoteLine
from tests.trust.checks.stored import Stored

PolicyAt = Callable[[int], Policy]
_NO_ORIGINS: Mapping[tuple[str, str], str] = {}


@dataclass(slots=True)
class Oracle:
    """Judges once what was merged or weighed; `judged` counts the cases.

    `shipped` is the policy whose thresholds the oracle knows as numbers: under rules that differ in more than
    who must approve it says nothing.
    """

    policy_at: PolicyAt
    principals: Principals
    shipped: Policy
    judged: int = 0

    def disagrees(self, stored: Stored) -> list[str]:
        """C-1, C-2, C-4, C-5: merges and votes that the oracle would not have had."""
        problems = []
        for merge in stored.fresh["merges"]:
            if merge.state == "EXECUTED":
                problems += self._on_merge(stored, merge)
        for proposal in stored.fresh["proposals"]:
            weighed = proposal.state in ("PENDING", "APPROVED", "REJECTED")
            if weighed and proposal.revision == stored.head.revision and proposal.body["decision"]:
                problems += self._on_proposal(stored, proposal)
        return problems

    def _on_merge(self, stored: Stored, merge: MergeLine) -> list[str]:
        proposal = stored.proposals[merge.proposal_id]
        origins = {
            (key["source"], key["source_record_id"]): before["golden_id"]
            for before in merge.body["before"]
            for key in before["records"]
        }
        found = self._asked(stored, proposal, origins, merge.revision, merge.execute_time)
        if found is None or found.approved:
            return []
        return [f"C-5 merges/{merge.merge_id} was not approved: {found}"]

    def _on_proposal(self, stored: Stored, proposal: ProposalLine) -> list[str]:
        time = stored.audit[proposal.revision].time
        found = self._asked(stored, proposal, {}, proposal.revision, time)
        if found is None:
            return []
        state = {"APPROVED": "APPROVED" if found.approved else "PENDING"}.get(found.outcome, found.outcome)
        said = state, sorted(found.missing)
        kept = proposal.state, sorted(proposal.missing_functions)
        if state == "REJECTED":
            said = kept = (state, [])
        return (
            []
            if said == kept
            else [f"C-4 mergeProposals/{proposal.proposal_id} is {kept}, and should be {said}"]
        )

    def _asked(
        self,
        stored: Stored,
        proposal: ProposalLine,
        origins: Mapping[tuple[str, str], str],
        revision: int,
        time: datetime,
    ) -> Expected | None:
        """What the oracle says, or None where the case is gone."""
        asked = self.poll(stored, proposal, revision, time, origins)
        if asked is None:
            return None
        self.judged += 1
        case, poll = asked
        return poll.result(case)

    def poll(
        self,
        stored: Stored,
        proposal: ProposalLine,
        revision: int,
        time: datetime,
        origins: Mapping[tuple[str, str], str] = _NO_ORIGINS,
    ) -> tuple[Case, Poll] | None:
        """The case of a proposal as it was at a revision and time, with the votes until then."""
        policy = self.policy_at(revision - 1)
        plan = msgspec.convert(proposal.body["plan"], Plan)
        if not self._is_known(policy) or plan.policy_version != policy.version:
            return None
        world = World(stored, origins, revision)
        goldens = world.goldens(plan.golden_ids)
        case = self._case(world, proposal, plan, goldens, time) if goldens is not None else None
        if case is None:
            return None
        poll = Poll(case)
        for vote in stored.votes().get(proposal.proposal_id, []):
            seen_less = LEVELS.index(vote.impact) < LEVELS.index(poll.impact)
            if vote.time <= time and not seen_less:
                poll.cast(_vote(vote))
        return case, poll

    def _is_known(self, policy: Policy) -> bool:
        parts = (
            "functions",
            "sources",
            "other_sources",
            "stakes",
            "impact",
            "vetoes",
            "periods",
            "master_function",
        )
        same = all(getattr(policy, part) == getattr(self.shipped, part) for part in parts)
        return same and policy.approval.automatic == self.shipped.approval.automatic

    def _case(
        self,
        world: "World",
        proposal: ProposalLine,
        plan: Plan,
        goldens: Sequence[GoldenRecord],
        time: datetime,
    ) -> Case | None:
        cycles, accounts = world.cycles(goldens), world.accounts(goldens)
        if cycles is None or accounts is None:
            return None
        delegations = [msgspec.convert(d.body, Delegation) for d in world.stored.of("delegations").values()]
        changes = proposal.body["plan_changes"]
        weakest = proposal.body["weakest_link"]
        return Case(
            plan=plan,
            goldens=tuple(goldens),
            proposer=proposal.proposer,
            policy=self.policy_at(world.revision - 1),
            roles=Roles(self.principals, tuple(d for d in delegations if d.create_time <= time), time),
            now=time,
            plan_time=datetime.fromisoformat(changes[-1]["time"]) if changes else proposal.create_time,
            certainty=weakest["match_probability"] if weakest else 0.0,
            distinctions=world.distinctions(goldens, time),
            cycles=cycles,
            accounts=accounts,
        )


@dataclass(slots=True)
class World:
    """Records and golden records as they were at a revision; None where they were written since.

    `origins` are the golden records that records belonged to before a merge.
    """

    stored: Stored
    origins: Mapping[tuple[str, str], str]
    revision: int

    def goldens(self, golden_ids: Sequence[str]) -> list[GoldenRecord] | None:
        members: dict[str, list[Record]] = {golden_id: [] for golden_id in golden_ids}
        for line in self.stored.records.values():
            golden_id = self._golden_of(line)
            if golden_id in members:
                if line.revision > self.revision:
                    return None
                members[golden_id].append(_record(line, golden_id))
        found = []
        for golden_id, own in members.items():
            row = self.stored.goldens[golden_id]
            if not own or row.revision > self.revision:
                return None
            found.append(
                GoldenRecord(
                    GoldenRow(
                        golden_id=golden_id,
                        kind=RecordKind(row.kind),
                        state=GoldenState.LIVE,
                        version=row.version,
                        revision=row.revision,
                        create_time=row.create_time,
                        choices=msgspec.convert(row.choices, tuple[Choice, ...]),
                    ),
                    tuple(own),
                )
            )
        return found

    def _golden_of(self, line: RecordLine) -> str:
        return self.origins.get((line.source, line.source_record_id), line.golden_id)

    def _golden_of_key(self, key: RecordKey) -> str | None:
        """The golden record of a record elsewhere; empty when there is none, None when that has changed."""
        line = next(
            (
                r
                for r in self.stored.records.values()
                if (r.source, r.source_record_id) == (key.source, key.source_record_id)
            ),
            None,
        )
        if line is None:
            return ""
        if (line.source, line.source_record_id) in self.origins:
            return self._golden_of(line)
        return line.golden_id if self.stored.goldens[line.golden_id].revision <= self.revision else None

    def accounts(self, goldens: Sequence[GoldenRecord]) -> dict[RecordKey, str] | None:
        """The golden records of the accounts that contacts name."""
        found = {}
        for record in (r for golden in goldens for r in golden.active_members if r.draft.account):
            assert record.draft.account is not None, "asked above"
            golden_id = self._golden_of_key(record.draft.account)
            if golden_id is None:
                return None
            if golden_id and record.kind is RecordKind.CONTACT:
                found[record.draft.account] = golden_id
        return found

    def cycles(self, goldens: Sequence[GoldenRecord]) -> tuple[str, ...] | None:
        """Members that are above others in the hierarchy of accounts."""
        wanted = {golden.golden_id for golden in goldens}
        found = []
        for golden in goldens:
            above: set[str] = set()
            level = [record.draft.parent for record in golden.active_members if record.draft.parent]
            while level:
                parent = self._golden_of_key(level.pop())
                if parent is None:
                    return None
                if parent and parent not in above:
                    above.add(parent)
                    level += self._parents(parent)
            if above & wanted - {golden.golden_id}:
                found.append(golden.golden_id)
        return tuple(found)

    def _parents(self, golden_id: str) -> list[RecordKey]:
        return [
            RecordKey(**line.draft["parent"])
            for line in self.stored.records.values()
            if self._golden_of(line) == golden_id and line.state == "ACTIVE" and line.draft.get("parent")
        ]

    def distinctions(self, goldens: Sequence[GoldenRecord], time: datetime) -> tuple[str, ...]:
        """The not-a-match links that the merge would cross."""
        home = {record.key: golden.golden_id for golden in goldens for record in golden.members}

        def sides(body: Any) -> list[set[str]]:
            named = ([RecordKey(**key) for key in body[side]] for side in ("left", "right"))
            return [{home[key] for key in keys if key in home} for keys in named]

        bodies = [line.body for line in self.stored.of("distinctions").values()]
        older = [body for body in bodies if datetime.fromisoformat(body["create_time"]) <= time]
        return tuple(
            body["distinction_id"] for body in older if all(sides(body)) and len(set.union(*sides(body))) > 1
        )


def _record(line: RecordLine, golden_id: str) -> Record:
    return Record(
        draft=msgspec.convert(line.draft, RecordDraft, strict=False),
        record_no=line.record_no,
        golden_id=golden_id,
        version=line.version,
        revision=line.revision,
        create_time=line.create_time,
        update_time=line.update_time,
        state=RecordState(line.state),
    )


def _vote(line: VoteLine) -> Vote:
    return Vote(
        principal=line.principal,
        function=line.function,
        decision=VoteDecision(line.decision),
        plan_hash=line.plan_hash,
        comment="",
        time=line.time,
        on_behalf_of=line.on_behalf_of,
    )
