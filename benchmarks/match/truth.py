"""The brute force that candidates are held against: every resident that shares a blocking key with a query.

It asks `scoring.blocking_keys` of each resident anew, without the service, its index or its store.
"""

import gc
from array import array
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

import scoring
from benchmarks.match.population import Population, read_frames
from dedup_service.domain.matching import entity_of
from dedup_service.rpc.enum_numbers import RECORD_KIND_OF
from dedup_service.v1.core_pb2 import Candidate
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.record_service_pb2 import Record

_PROCESSES = 2

Pairs = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The members of every blocking key that a query has; the keys are numbered."""

    keys_of_query: list[tuple[int, ...]]
    starts: npt.NDArray[np.int64]
    members: npt.NDArray[np.int32]
    limits: Sequence[int | None]

    def members_of(self, key: int) -> npt.NDArray[np.int32]:
        return self.members[self.starts[key] : self.starts[key + 1]]

    def candidates(self, query: int) -> frozenset[int]:
        """The numbers of the residents that share a key with a query, where not too many do for its rule."""
        found: set[int] = set()
        for key in self.keys_of_query[query]:
            members, limit = self.members_of(key), self.limits[key]
            if limit is None or len(members) <= limit:
                found.update(members.tolist())
        return frozenset(found)


def blocks(population: Population, query_count: int | None = None) -> Blocks:
    """The blocks of the first so many queries, or of all; some 100 us of CPU a resident."""
    numbers: dict[str, int] = {}
    keys_of_query = []
    for message in population.queries[:query_count]:
        keys = keys_of(MatchRequest.FromString(message).candidate)
        keys_of_query.append(tuple(numbers.setdefault(key, len(numbers)) for key in keys))
    limits = [scoring.most_members(key) for key in numbers]
    found = _members(population.folder, numbers)
    shared = np.concatenate([pair[0] for pair in found])
    residents = np.concatenate([pair[1] for pair in found])
    order = np.argsort(shared, kind="stable")
    starts = np.searchsorted(shared[order], np.arange(len(numbers) + 1))
    return Blocks(keys_of_query, starts, residents[order], limits)


def keys_of(record: Record | Candidate) -> tuple[str, ...]:
    """The blocking keys of a record or a candidate, as the rules give them."""
    values = dict(record.values)
    entity = entity_of(RECORD_KIND_OF[record.kind], values, record.person_account)
    return scoring.blocking_keys(scoring.prepare(values, entity))


def _members(folder: Path, numbers: Mapping[str, int]) -> list[Pairs]:
    """The members of the numbered keys, as pairs of key and resident; each process takes every second one."""
    # Forked, so that the keys need not be sent. What this process holds is frozen there: the end of a channel
    # of gRPC would wait for a thread that a fork does not have, and for ever.
    _Part.numbers = numbers
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("fork"), initializer=gc.freeze) as pool:
        parts = pool.map(_part, [folder] * _PROCESSES, range(_PROCESSES))
        return list(parts)


class _Part:
    numbers: Mapping[str, int] = {}


def _part(folder: Path, first: int) -> Pairs:
    residents = enumerate(read_frames(folder / "residents.bin"))
    keys, members = array("i"), array("i")
    for number, message in islice(residents, first, None, _PROCESSES):
        for key in keys_of(Record.FromString(message)):
            if (found := _Part.numbers.get(key)) is not None:
                keys.append(found)
                members.append(number)
    return np.frombuffer(keys, np.int32), np.frombuffer(members, np.int32)
