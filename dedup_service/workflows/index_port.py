"""What the workflows need of the blocking index, and what the index needs of the ledger.

The index is a follower: it holds nothing that the ledger does not, and it says how far it has come.
An answer that may lack a candidate says so; it is never silently short (D-1).
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

import scoring
from dedup_service.domain.records import RecordKind


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One active record as the index keeps it."""

    record_no: int
    kind: RecordKind
    comparable: scoring.Comparable


@dataclass(frozen=True, slots=True)
class IndexUpdate:
    """Everything that one committed revision does to the index.

    `inserts` are records that no earlier revision has made, which spares reading what the index held.
    """

    revision: int
    inserts: tuple[IndexEntry, ...] = ()
    upserts: tuple[IndexEntry, ...] = ()
    removals: tuple[int, ...] = ()


class IncompleteReason(StrEnum):
    """Why an answer may lack candidates."""

    INDEX_REBUILDING = "INDEX_REBUILDING"
    INDEX_BEHIND = "INDEX_BEHIND"
    HOT_KEY_TRUNCATED = "HOT_KEY_TRUNCATED"


@dataclass(frozen=True, slots=True)
class Incompleteness:
    """One reason, in words, with the blocking key where it is about one."""

    reason: IncompleteReason
    detail: str
    blocking_key: str = ""


class Candidate(msgspec.Struct, frozen=True):
    """A record that shares at least one blocking key with the query.

    `query_keys` are the keys of the query, sorted; bit i of `shared` says that the record has the i-th, too.
    """

    record_no: int
    kind: RecordKind
    comparable: scoring.Comparable
    query_keys: tuple[str, ...]
    shared: int

    @property
    def shared_keys(self) -> tuple[str, ...]:
        """The keys that both have, sorted."""
        return tuple(key for place, key in enumerate(self.query_keys) if self.shared >> place & 1)


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """Candidates in no particular order, as the index was at `applied_revision`."""

    candidates: tuple[Candidate, ...]
    complete: bool
    incomplete: tuple[Incompleteness, ...]
    applied_revision: int


@dataclass(frozen=True, slots=True)
class HotKey:
    """A blocking key with more members than an answer reads."""

    blocking_key: str
    member_count: int


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How the index is. `defect` says why its content cannot be relied on; empty when it can.

    Without an epoch there is no index to read, and the counts are 0. `built_count` is the number of records
    that a rebuild under way has so far.
    """

    epoch: str
    applied_revision: int
    rebuilding: bool
    defect: str
    record_count: int
    key_count: int
    built_count: int = 0


class BlockingIndex(Protocol):
    """Finds the records that share a blocking key with a query."""

    async def candidates(
        self, comparable: scoring.Comparable, kinds: Collection[RecordKind], min_revision: int
    ) -> CandidateSet:
        """Candidates of these kinds, as of `min_revision` or later, or an answer that says it is incomplete.

        Raises:
            IndexUnavailable: when the index server does not answer.
        """
        ...

    async def member_counts(self, blocking_keys: Collection[str]) -> list[int]:
        """How many records have each of these keys; raises IndexUnavailable as `candidates` does."""
        ...

    async def status(self) -> IndexStatus: ...

    async def hot_keys(self) -> tuple[HotKey, ...]:
        """The keys that answers truncate, largest first."""
        ...


class IndexProgress(Protocol):
    """How a writer tells the index of its commit, and waits until the index has it (D-3)."""

    def nudge(self, updates: Sequence[IndexUpdate]) -> None:
        """Hand over what was just committed, so that it need not be read back."""
        ...

    async def wait_applied(self, revision: int, timeout_seconds: float) -> bool:
        """Wait until the index has this revision; False when the time is over."""
        ...


class LedgerSource(Protocol):
    """The ledger as the index reads it."""

    async def head_revision(self) -> int: ...

    async def record_count(self) -> int:
        """How many active records there are."""
        ...

    async def updates_after(self, revision: int, limit: int) -> Sequence[IndexUpdate]:
        """The first updates after a revision, in ascending order, at most `limit`.

        A revision that does nothing to the index may be left out.
        Fewer than `limit` means that everything committed before the call is told.
        """
        ...

    def snapshot(self) -> AbstractAsyncContextManager[tuple[int, AsyncIterator[Sequence[IndexEntry]]]]:
        """A revision, and every active record in batches exactly as it was at that revision."""
        ...
