"""One atomic write: the locks in their one order, then the statements that change rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import psycopg

import scoring
from dedup_service.domain.delegations import Delegation
from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.golden import GoldenRecord, GoldenRow
from dedup_service.domain.matching import NewRecord
from dedup_service.domain.merges import Merge, MergeState
from dedup_service.domain.policy import Policy
from dedup_service.domain.policy_versions import PolicyVersion
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import Record, RecordKey
from dedup_service.domain.scoring_models import StoredModel
from dedup_service.domain.voting import Vote
from dedup_service.store.cleanup import CleanupWriting
from dedup_service.store.erasing import ErasureWriting
from dedup_service.store.intake import intake_columns, turn_columns
from dedup_service.store.lead_writing import LeadWriting
from dedup_service.store.rows import encode_text, stored_comparable
from dedup_service.workflows.intake.port import Intake
from dedup_service.workflows.ports import Revision
from dedup_service.workflows.privacy_port import ErasedTraces
from dedup_service.workflows.races import RacedError


class StaleRulesError(RacedError):
    """Another version of the policy is in force than the one that this write was decided by."""


class Writing(LeadWriting, CleanupWriting, ErasureWriting):
    """Implements `workflows.ports.WriteTransaction`; `head` is the ledger's place once it is taken.

    `rules_no` is the number of the policy that the write is decided by, None when it is decided by none.
    """

    head: tuple[Revision, str] | None = None

    def __init__(
        self, connection: psycopg.AsyncConnection, rules_no: int | None = None, policy: Policy | None = None
    ) -> None:
        super().__init__(connection, policy)
        self._rules_no = rules_no
        self._rules_no_at_head = 0

    async def lock_goldens(self, golden_ids: Collection[str]) -> dict[str, GoldenRecord]:
        await self._run("lock_goldens", [sorted(golden_ids)])
        return await self.goldens(golden_ids)

    async def lock_goldens_at_once(self, golden_ids: Collection[str]) -> dict[str, GoldenRecord]:
        try:
            # Its answer is awaited here, where a refusal can be told from others.
            await self._rows("lock_goldens_at_once", [sorted(golden_ids)])
        except psycopg.errors.LockNotAvailable as error:
            raise RacedError from error
        return await self.goldens(golden_ids)

    async def lock_records(self, keys: Collection[RecordKey]) -> dict[RecordKey, Record]:
        columns = [[key.source for key in keys], [key.source_record_id for key in keys]]
        locked = {row[0] for row in await self._rows("golden_ids_by_key", columns)}
        if not locked:
            return {}
        await self._run("lock_goldens", [sorted(locked)])
        records = await self.records(keys)
        if any(record.golden_id not in locked for record in records.values()):
            raise RacedError
        return records

    async def lock_proposal(self, proposal_id: str) -> Proposal | None:
        found = await self._proposals(await self._rows("lock_proposal", [proposal_id]))
        return found[0] if found else None

    async def revision(self) -> Revision:
        if self.head is None:
            revision, head_hash, rules_no, time = (await self._rows("lock_head"))[0]
            if self._rules_no not in (None, rules_no):
                raise StaleRulesError
            self._rules_no_at_head = rules_no
            self.head = Revision(revision + 1, time), head_hash
        return self.head[0]

    async def insert_records(self, records: Sequence[NewRecord], revision: Revision) -> list[Record]:
        columns = {
            "revision": revision.number,
            "time": revision.time,
            "golden_ids": [one.golden_id for one in records],
            "kinds": [one.draft.kind.value for one in records],
        }
        await self._run("insert_golden_records", columns)
        return await self._insert_members(records, revision)

    async def insert_member(self, record: NewRecord, revision: Revision) -> Record:
        return (await self._insert_members([record], revision))[0]

    async def _insert_members(self, records: Sequence[NewRecord], revision: Revision) -> list[Record]:
        """Insert new records, of which no two belong to the same golden record."""
        columns = {
            "revision": revision.number,
            "time": revision.time,
            "sources": [one.draft.key.source for one in records],
            "ids": [one.draft.key.source_record_id for one in records],
            "kinds": [one.draft.kind.value for one in records],
            "golden_ids": [one.golden_id for one in records],
            "drafts": [encode_text(one.draft) for one in records],
            "comparables": [stored_comparable(one.comparable) for one in records],
        }
        numbers = {row[1]: row[0] for row in await self._rows("insert_records", columns)}
        inserted = [
            Record(
                draft=one.draft,
                record_no=numbers[one.golden_id],
                golden_id=one.golden_id,
                version=1,
                revision=revision.number,
                create_time=revision.time,
                update_time=revision.time,
            )
            for one in records
        ]
        await self.keep_lead_states(inserted)
        return inserted

    async def update_records(
        self, records: Sequence[Record], comparables: Mapping[int, scoring.Comparable]
    ) -> None:
        columns = {
            "nos": [r.record_no for r in records],
            "states": [r.state.value for r in records],
            "versions": [r.version for r in records],
            "revisions": [r.revision for r in records],
            "times": [r.update_time for r in records],
            "drafts": [encode_text(r.draft) for r in records],
            "comparables": [
                stored_comparable(comparables[r.record_no]) if r.active else None for r in records
            ],
        }
        await self._run("update_records", columns)
        await self.keep_lead_states(records)

    async def update_goldens(self, rows: Sequence[GoldenRow]) -> None:
        columns = {
            "ids": [row.golden_id for row in rows],
            "kinds": [row.kind.value for row in rows],
            "states": [row.state.value for row in rows],
            "versions": [row.version for row in rows],
            "revisions": [row.revision for row in rows],
            "successors": [row.successor_id for row in rows],
            "merges": [row.merge_id for row in rows],
            "choices": [encode_text(row.choices) for row in rows],
        }
        await self._run("update_goldens", columns)

    async def move_members(self, record_nos: Collection[int], golden_id: str) -> None:
        await self._run("move_members", [golden_id, list(record_nos)])
        await self._run("move_lead_states", [golden_id, list(record_nos)])

    async def save_proposal(self, proposal: Proposal) -> None:
        survivor = next(m for m in proposal.plan.members if m.golden_id == proposal.plan.survivor_id)
        decision = proposal.decision
        # Owners are asked for while there is something to decide. One that is over keeps none, so that an
        # erasure need not look for them there.
        kept = proposal if proposal.state.open else replace(proposal, owners=())
        columns = {
            "id": proposal.proposal_id,
            "state": proposal.state.value,
            "type": proposal.plan.type.value,
            "impact": proposal.impact.value,
            "missing": list(proposal.missing_functions),
            "proposer": proposal.proposer,
            "golden_ids": list(proposal.plan.golden_ids),
            "survivor_id": proposal.plan.survivor_id,
            "kind": survivor.kind.value,
            "revision": proposal.revision,
            "create_time": proposal.create_time,
            "impact_rank": proposal.impact.rank,
            # Without a decision nobody knows until when there is time: due at once, and never expired unseen.
            "due_time": decision.due_time if decision is not None else proposal.create_time,
            "expire_time": decision.expire_time if decision is not None else None,
            "escalate_time": proposal.escalate_time,
            "escalated_to": list(proposal.escalated_to),
            "voters": list(proposal.voters),
            "verdict": proposal.verdict or "",
            "sources": list(proposal.sources),
            "owners": list(kept.owners),
            # Votes live in their own append-only log.
            "body": encode_text(replace(kept, votes=())),
        }
        await self._run("save_proposal", columns)

    async def add_vote(self, proposal_id: str, vote: Vote) -> None:
        columns = [
            proposal_id,
            vote.principal,
            vote.function,
            vote.on_behalf_of,
            vote.decision.value,
            vote.plan_hash,
            vote.comment,
            vote.time,
            vote.impact.value,
        ]
        await self._run("add_vote", columns)

    async def save_merge(self, merge: Merge) -> None:
        columns = {
            "id": merge.merge_id,
            "proposal_id": merge.proposal_id,
            "survivor_id": merge.survivor_id,
            "state": merge.state.value,
            "revision": merge.revision,
            "execute_time": merge.execute_time,
            "undo_time": merge.undo_time,
            "body": encode_text(merge),
        }
        await self._run("save_merge", columns)
        merged = {
            "merge_id": merge.merge_id,
            "standing": merge.state is MergeState.EXECUTED,
            "golden_ids": list(merge.merged_ids),
        }
        await self._run("save_merged_golden_records", merged)

    async def save_delegation(self, delegation: Delegation) -> None:
        columns = [
            delegation.delegation_id,
            delegation.delegator,
            delegation.delegate,
            delegation.start_time,
            delegation.end_time,
            delegation.create_time,
            delegation.revision,
            encode_text(delegation),
        ]
        await self._run("save_delegation", columns)

    async def insert_policy_version(self, version: PolicyVersion) -> None:
        await self.revision()
        if version.number <= self._rules_no_at_head:
            raise RacedError
        if version.number != self._rules_no_at_head + 1:
            raise ValueError(f"version {version.number} does not follow {self._rules_no_at_head}")
        columns = [
            version.number,
            version.version,
            version.text,
            version.origin.value,
            version.author,
            version.comment,
            version.create_time,
            version.revision,
        ]
        await self._run("insert_policy_version", columns)
        await self._run("set_rules_no", [version.number])
        self._rules_no_at_head = version.number

    async def insert_scoring_model(self, model: StoredModel) -> None:
        columns = {
            "version": model.version,
            "origin": model.origin,
            "parameters": model.parameters,
            "evaluation": encode_text(model.evaluation),
            "create_time": model.create_time,
            "revision": model.revision,
        }
        await self._run("insert_scoring_model", columns)

    async def activate_scoring_model(self, version: str, time: datetime) -> None:
        # Whoever activates holds the ledger head, so that no two are ever in use.
        await self.revision()
        await self._run("retire_scoring_model", ())
        if version:
            await self._run("activate_scoring_model", {"version": version, "time": time})

    async def delete_scoring_model(self, version: str) -> None:
        await self._run("delete_scoring_model", [version])

    async def insert_distinction(self, distinction: Distinction) -> None:
        body = encode_text(distinction)
        await self._run("insert_distinction", [distinction.distinction_id, distinction.create_time, body])
        sides = [("L", key) for key in distinction.left] + [("R", key) for key in distinction.right]
        columns = [
            distinction.distinction_id,
            [side for side, _ in sides],
            [key.source for _, key in sides],
            [key.source_record_id for _, key in sides],
        ]
        await self._run("insert_distinction_records", columns)

    async def delete_distinction(self, distinction_id: str) -> None:
        await self._run("delete_distinction", [distinction_id])

    async def save_team_turns(self, turns: Mapping[str, str]) -> None:
        if turns:
            await self._run("save_team_turns", turn_columns(turns))

    async def insert_intakes(self, intakes: Sequence[Intake]) -> None:
        if intakes:
            await self._run("insert_intakes", intake_columns(intakes))

    async def acknowledge(self, revision: int, ordinal: int, source: str, time: datetime) -> None:
        await self._run("acknowledge", [revision, ordinal, source, time])

    async def drop_changes_upto(self, revision: int) -> None:
        await self._run("set_dropped_upto", [revision])

    async def erase_traces(self, record: Record) -> ErasedTraces:
        family = {row[0] for row in await self._rows("merge_family", [[record.golden_id]])}
        await self._run("lock_proposals_of", {"golden_ids": sorted(family)})
        # Whoever changes proposals changes their counts, which the ledger head guards.
        await self.revision()
        return await self._erase(record, family)
