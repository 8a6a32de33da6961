"""The blocking index in Redis or Valkey.

Every write is one script, conditional on the revision it was computed for: the index is never between two
revisions, and two followers cannot mix theirs.
Every read looks at the index's own account of itself first, and an answer that may be short says so.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import scoring
from dedup_service.domain.records import RecordKind
from dedup_service.index import layout
from dedup_service.index.batches import Batch, batches_of
from dedup_service.index.connection import Argument
from dedup_service.index.scripts import scripts
from dedup_service.index.server import check_server, open_connection, reaching_server
from dedup_service.workflows.index_port import (
    Candidate,
    CandidateSet,
    HotKey,
    Incompleteness,
    IncompleteReason,
    IndexStatus,
    IndexUpdate,
)

HOT_KEY_LIMIT = 300
MEMBER_BUDGET = 1_000
CANDIDATE_LIMIT = 200
SCAN_COUNT = 1_000


@dataclass(frozen=True, slots=True)
class EpochState:
    """Which epoch a state hash is about, and the revision that its content has reached."""

    epoch: str
    applied_revision: int


class RedisIndex:
    """The index of one store in one Redis database, which must hold nothing else.

    `hot_key_limit` is the number of members from which a blocking key is not read whole,
    `candidate_limit` the number of candidates that one answer holds at most.
    """

    def __init__(
        self,
        url: str,
        store_id: str,
        *,
        hot_key_limit: int = HOT_KEY_LIMIT,
        candidate_limit: int = CANDIDATE_LIMIT,
        new_epoch: Callable[[], str] = lambda: secrets.token_hex(3),
    ) -> None:
        self.store_id = store_id
        self.new_epoch = new_epoch
        self._hot_key_limit = hot_key_limit
        self._candidate_limit = candidate_limit
        self._floor_revision = 0
        self._format, self._way = layout.format_version(), layout.way()
        self._matching = open_connection(url)
        # What is written goes its own way: a match must not wait behind a thousand records.
        self.server = open_connection(url)
        self.scripts = scripts(is_cluster=False)

    async def connect(self) -> None:
        """Check that the server can hold the index (D-4)."""
        self.scripts = scripts(is_cluster=await check_server(self.server))

    async def close(self) -> None:
        """End the connections."""
        self._matching.close()
        self.server.close()

    def expect(self, revision: int) -> None:
        """Say what the index must hold by now; an answer from before that is incomplete for everybody."""
        self._floor_revision = revision

    async def candidates(
        self, comparable: scoring.Comparable, kinds: Collection[RecordKind], min_revision: int
    ) -> CandidateSet:
        """The records that share a blocking key which not too many have for its rule; one round trip."""
        keys = scoring.blocking_keys(comparable)
        arguments: list[Argument] = [
            *(self.store_id, self._format, self._way),
            *(self._hot_key_limit, MEMBER_BUDGET, self._candidate_limit),
            layout.kind_letters(kinds),
            *layout.with_buckets_and_limits(keys),
        ]
        async with reaching_server():
            answer = await self._matching.run(
                self.scripts.candidates, (layout.META, layout.BUILD), *arguments
            )
        outcome, revision = answer[0].decode(), int(answer[1])
        truncated = [keys[place] for place in answer[2]]
        found = [
            Candidate(
                int(number), layout.payload_kind(payload), layout.payload_comparable(payload), keys, held
            )
            for number, held, payload in zip(*answer[3:], strict=True)
            if payload is not None
        ]
        reasons = _incompleteness(outcome, revision, max(min_revision, self._floor_revision), truncated)
        return CandidateSet(tuple(found), not reasons, tuple(reasons), revision)

    async def member_counts(self, blocking_keys: Collection[str]) -> list[int]:
        """How many records have each of these keys."""
        async with reaching_server():
            state = await self.state(layout.META)
            if state is None:
                return [0] * len(blocking_keys)
            return await asyncio.gather(*(self._member_count(state.epoch, key) for key in blocking_keys))

    async def _member_count(self, epoch: str, blocking_key: str) -> int:
        key, bucket = layout.with_buckets([layout.stored_key(blocking_key)])
        held = await self.server.ask("HGET", f"{layout.PREFIX}{epoch}:b:{bucket}", key)
        if held != b"*":
            return int(held is not None)
        return int(await self.server.ask("SCARD", f"{layout.PREFIX}{epoch}:k:{key}"))

    async def status(self) -> IndexStatus:
        """How the index is, as its own account and the number of keys say; costs one round trip."""
        async with reaching_server():
            answer = await self.server.run(self.scripts.inspect, (layout.META, layout.BUILD))
        store, format_version, epoch, revision, _, damaged, records, keys, way = (
            part.decode() for part in answer[:9]
        )
        building, built = answer[9] != b"", int(answer[9] or 0)
        if not epoch:
            return IndexStatus("", 0, building, "there is no index", 0, 0, built)
        if store != self.store_id:
            defect = "the index is of another store"
        elif format_version != self._format:
            defect = "the index was written by another version of the service"
        elif way != self._way:
            defect = "another version of the service prepared the index otherwise"
        else:
            defect = "keys of the index are missing" if damaged else ""
        return IndexStatus(
            epoch, int(revision or 0), building, defect, int(records or 0), int(keys or 0), built
        )

    async def hot_keys(self) -> tuple[HotKey, ...]:
        """The keys that answers truncate, largest first."""
        async with reaching_server():
            state = await self.state(layout.META)
            if state is None:
                return ()
            root = f"{layout.PREFIX}{state.epoch}:".encode()
            hot = sorted(await self._members(root + b"hot"))
            counts = await asyncio.gather(*(self.server.ask("SCARD", root + b"k:" + key) for key in hot))
        found = [
            HotKey(key.decode(), count)
            for key, count in zip(hot, counts, strict=True)
            if count > self._hot_key_limit and layout.most_members(key.decode()) is None
        ]
        return tuple(sorted(found, key=lambda each: (-each.member_count, each.blocking_key)))

    async def apply(self, updates: Sequence[IndexUpdate], after: int) -> int:
        """Apply what was committed after the revision `after`; gives the revision that the index now has.

        Whatever the index already has is skipped.
        An index that has not reached `after` is left as it is: between the two lies what nobody has told.
        """
        async with reaching_server():
            return await self.advance(layout.META, updates, after)

    async def advance(self, state_key: str, updates: Sequence[IndexUpdate], after: int) -> int:
        """`apply`, to the epoch that serves or to the one being built; 0 when there is none."""
        while True:
            state = await self.state(state_key)
            if state is None:
                return 0
            due = [update for update in updates if update.revision > state.applied_revision]
            if state.applied_revision < after or not due:
                return state.applied_revision
            for batch in batches_of(due):
                moved = await self.write(state_key, state, batch)
                if moved is None:
                    break  # somebody else was faster: see how far they came
                state = moved
            else:
                return state.applied_revision

    async def write(self, state_key: str, state: EpochState, batch: Batch) -> EpochState | None:
        """Write one batch if the epoch still is in the state given; None when it is not."""
        for trust_inserts in (True, False):
            numbers = batch.numbers_to_read(trust_inserts)
            names = [layout.payload_key(state.epoch, number) for number in numbers]
            payloads: list[bytes | None] = await self.server.ask("MGET", *names) if names else []
            held = dict(zip(numbers, payloads, strict=True))
            operations = batch.operations(held)
            arguments: list[Argument] = [
                *(state.epoch, state.applied_revision, batch.revision, self._hot_key_limit),
                *(operations.record_count_change, operations.packed()),
                batch.packed_new_numbers(trust_inserts),
            ]
            answer = await self.server.run(self.scripts.apply, (state_key,), *arguments)
            if answer[0] == b"applied":
                return EpochState(state.epoch, batch.revision)
            if answer[0] == b"moved":
                return None
        raise AssertionError("a batch without trusted inserts cannot be refused for them")

    async def serving_state(self) -> EpochState | None:
        """How far the index that serves has come; None when there is none."""
        async with reaching_server():
            return await self.state(layout.META)

    async def state(self, state_key: str) -> EpochState | None:
        """What a state hash of this store and format says; None when there is none to write to."""
        fields = ["store_id", "format_version", "epoch", "applied_revision", "way"]
        values: list[bytes | None] = await self.server.ask("HMGET", state_key, *fields)
        store, format_version, epoch, revision, way = values
        if epoch is None or revision is None:
            return None
        ours = (self.store_id.encode(), self._format.encode(), self._way.encode())
        if (store, format_version, way) != ours:
            return None
        return EpochState(epoch.decode(), int(revision))

    async def _members(self, name: str | bytes) -> set[bytes]:
        return set(await self.server.ask("SMEMBERS", name))

    async def discard(self, epoch: str) -> None:
        """Stop serving an epoch whose content is known to be wrong."""
        async with reaching_server():
            await self.server.run(self.scripts.discard, (layout.META, layout.GARBAGE), epoch)

    async def clear_leftovers(self, silent_seconds: int) -> None:
        """Delete what a build that has been silent for so long, or a sweep that was ended, has left."""
        async with reaching_server():
            left = await self.server.run(self.scripts.abandon, (layout.BUILD, layout.GARBAGE), silent_seconds)
        if left:
            await self.sweep()

    async def sweep(self) -> None:
        """Delete the keys of epochs that nothing reads any more, a few at a time."""
        async with reaching_server():
            for epoch in sorted(await self._members(layout.GARBAGE)):
                pattern = layout.PREFIX.encode() + epoch + b":*"
                cursor = b"0"
                while True:
                    cursor, names = await self.server.ask(
                        "SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_COUNT
                    )
                    if names:
                        await self.server.ask("UNLINK", *names)
                    if cursor == b"0":
                        break
                await self.server.ask("SREM", layout.GARBAGE, epoch)


def _incompleteness(
    outcome: str, revision: int, needed: int, truncated: Sequence[str]
) -> list[Incompleteness]:
    reasons = []
    if outcome == "missing":
        reasons.append(Incompleteness(IncompleteReason.INDEX_REBUILDING, "the index is being built"))
    elif outcome == "other":
        text = "the index was prepared by another version of the service and is being rebuilt"
        reasons.append(Incompleteness(IncompleteReason.INDEX_REBUILDING, text))
    elif outcome == "damaged":
        text = "part of the index was lost and is being rebuilt"
        reasons.append(Incompleteness(IncompleteReason.INDEX_REBUILDING, text))
    if outcome != "missing" and revision < needed:
        text = f"the index is at revision {revision}, revision {needed} is needed"
        reasons.append(Incompleteness(IncompleteReason.INDEX_BEHIND, text))
    for key in truncated:
        text = "this blocking key has more members than an answer reads"
        reasons.append(Incompleteness(IncompleteReason.HOT_KEY_TRUNCATED, text, key))
    return reasons
