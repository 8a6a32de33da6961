"""Follow the changes: in commit order, resumable anywhere, with checkpoints in silence (domain 8.6)."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import TypeVar

from dedup_service.domain.changes import Change, ChangeType
from dedup_service.domain.errors import NotFound, ResumeTokenExpired
from dedup_service.domain.principals import check_speaks_for
from dedup_service.domain.records import RecordKind
from dedup_service.workflows.deadlines import store_answers_in
from dedup_service.workflows.ports import ReadTransaction, Request, Store, WriteTransaction, Written
from dedup_service.workflows.rules import Rules

T = TypeVar("T")

_CHUNK = 200
_READ_SECONDS = 10.0
# A position after every change of its revision.
LAST_ORDINAL = 2**31 - 1
# They show no golden record, as no value has changed.
_OF_LEADS = {ChangeType.LEAD_CLASS_CHANGED, ChangeType.LEAD_UNATTENDED}


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the order of all changes; what comes after it has not been seen yet."""

    revision: int = 0
    ordinal: int = LAST_ORDINAL


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes to see; an empty set means all."""

    types: frozenset[ChangeType] = frozenset()
    kinds: frozenset[RecordKind] = frozenset()
    sources: frozenset[str] = frozenset()

    def takes(self, change: Change) -> bool:
        """Whether the change is one that the reader asked for."""
        draft = change.draft
        if self.types and draft.type not in self.types:
            return False
        images = (*draft.before, *draft.after)
        kinds = {image.kind for image in images}
        if draft.type in _OF_LEADS:
            kinds.add(RecordKind.LEAD)
        if self.kinds and not kinds & self.kinds:
            return False
        names = {draft.record, *(member for image in images for member in image.members)}
        return not self.sources or any(name.split("/")[1] in self.sources for name in names if name)


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes after the reader's position, and the position they lead to; without changes a checkpoint.

    `more` says that changes were already waiting behind that position.
    """

    changes: tuple[Change, ...]
    position: Position
    more: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A change with its acknowledgements, and the revision that shows them."""

    change: Change
    revision: int


class Following:
    """The use cases of a system that keeps up with the store."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules

    async def head(self) -> Position:
        """The position after everything committed so far."""
        return Position(await self._store.read(lambda tx: tx.head_revision()))

    async def changes(self, after: Position, taken: ChangeFilter, limit: int = _CHUNK) -> Batch:
        """The next changes after a position, at most so many looked at.

        Raises:
            ResumeTokenExpired: the position is older than the changes kept, or of a later store.
        """

        async def work(tx: ReadTransaction) -> Batch:
            head = await tx.head_revision()
            await _check(tx, after, head)
            found = await tx.changes_after(after.revision, after.ordinal, limit + 1)
            more, found = len(found) > limit, found[:limit]
            # A revision may hold no change, so that the head is further than the last change.
            position = Position(found[-1].revision, found[-1].ordinal) if more else Position(head)
            return Batch(tuple(change for change in found if taken.takes(change)), position, more)

        return await self._store.read(work)

    async def watch(
        self, after: Position, taken: ChangeFilter, checkpoint_seconds: float
    ) -> AsyncIterator[Batch]:
        """Changes for as long as the reader stays; a batch without changes is a checkpoint to resume from."""
        position = after
        while True:
            batch = await _soon(self.changes(position, taken))
            moved = batch.position != position
            position = batch.position
            if batch.changes:
                yield batch
            if not moved:
                waiting = self._store.wait_for_change(position.revision, checkpoint_seconds)
                await _soon(waiting, checkpoint_seconds)
                if (await _soon(self.head())).revision <= position.revision:
                    yield Batch((), position)

    async def acknowledge(self, request: Request, revision: int, ordinal: int, source: str) -> Acknowledged:
        """Note that a source has carried out this change; said twice is said once.

        Raises:
            PermissionRefused: for others than service accounts named for the source.
            NotFound: no such change.
        """
        check_speaks_for(self._rules.principals, request.actor, source)

        async def work(tx: WriteTransaction) -> Written[Acknowledged]:
            change = await _change_at(tx, revision, ordinal)
            if any(said.source == source for said in change.acknowledgements):
                return Written(Acknowledged(change, change.revision), subjects=change.draft.subjects)
            now = await tx.revision()
            await tx.acknowledge(revision, ordinal, source, now.time)
            return Written(
                Acknowledged(await _change_at(tx, revision, ordinal), now.number),
                targets=(change.name,),
                detail=f"carried out by {source}",
                subjects=change.draft.subjects,
            )

        return await self._store.write(request, work, Acknowledged)


async def _change_at(tx: ReadTransaction, revision: int, ordinal: int) -> Change:
    for change in await tx.changes_of(revision):
        if change.ordinal == ordinal:
            return change
    raise NotFound("Change", f"changes/{revision}-{ordinal}")


async def _soon(work: Awaitable[T], besides_seconds: float = 0.0) -> T:
    """The result of a read, which a watch has no deadline for. Raises StoreUnavailable."""
    async with store_answers_in(besides_seconds + _READ_SECONDS):
        return await work


async def _check(tx: ReadTransaction, after: Position, head: int) -> None:
    oldest = await tx.oldest_revision()
    if after.revision > head:
        raise ResumeTokenExpired(
            oldest,
            f"the token is of revision {after.revision}, but this store is at {head}; read it anew",
        )
    if oldest and after.revision + 1 < oldest:
        raise ResumeTokenExpired(
            oldest,
            f"changes before revision {oldest} are no longer kept; read the store anew and resume there",
        )
