"""Residents and queries of the hard generator, with the truth about them, in the files of one folder.

Most queries have duplicates among the residents: both are records of the same people and companies, the
queries being those that were held out. Run as a program it writes the folder, in a process of its own,
because the generator holds some 3 kB a record.

    python -m benchmarks.match.population FOLDER RESIDENTS PEOPLE_SHARE
"""

import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.hard_crm import generate
from dedup_service.domain.fields import FIELDS
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.record_service_pb2 import Record
from scoring import Entity

SEED = 5
PEOPLE_SHARE = 0.8
QUERIES_A_RESIDENT = 0.02
PAGE_SIZE = 10
_PERSON_KINDS = (RecordKind.RECORD_KIND_LEAD, RecordKind.RECORD_KIND_CONTACT)
_LENGTH_BYTES = 4

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """A folder that `written` has filled. A resident is known by its number, from 0, in the order of the
    file; its record name ends in that number.
    """

    folder: Path

    def residents(self) -> Iterator[Record]:
        """The records to ingest, people first."""
        return map(Record.FromString, read_frames(self.folder / "residents.bin"))

    @cached_property
    def queries(self) -> list[bytes]:
        """A Match request for each query, serialised, people and companies mixed."""
        return list(read_frames(self.folder / "queries.bin"))

    @cached_property
    def resident_clusters(self) -> Numbers:
        """The person (above 0) or company (below 0) of each resident."""
        return self._truth("residents")

    @cached_property
    def query_clusters(self) -> Numbers:
        return self._truth("queries")

    @cached_property
    def duplicates(self) -> list[frozenset[int]]:
        """The true duplicates of each query among the residents, by number."""
        order = np.argsort(self.resident_clusters, kind="stable")
        clusters = self.resident_clusters[order]
        first = np.searchsorted(clusters, self.query_clusters, "left")
        last = np.searchsorted(clusters, self.query_clusters, "right")
        return [frozenset(order[a:b].tolist()) for a, b in zip(first, last, strict=True)]

    def _truth(self, name: str) -> Numbers:
        with np.load(self.folder / "truth.npz") as truth:
            clusters: Numbers = truth[name]
            return clusters


def written(folder: Path, resident_count: int, people_share: float = PEOPLE_SHARE) -> Population:
    """The population of a folder, written now if it is not there."""
    if not (folder / "truth.npz").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.match.population", str(folder)]
        subprocess.run([*command, str(resident_count), str(people_share)], check=True)
    return Population(folder)


def number_of(record_name: str) -> int:
    """The number of a resident; -1 for a record that is none."""
    last = record_name.rpartition("/")[2]
    return int(last) if last.isdigit() else -1


def request_of(record: Record) -> bytes:
    """Asks who a record is, as a form would that has not stored it."""
    request = MatchRequest(page_size=PAGE_SIZE, explain=True)
    request.candidate.kind = record.kind
    request.candidate.values.update(record.values)
    return request.SerializeToString()


def write_frames(path: Path, messages: Iterable[bytes]) -> None:
    """Messages one after the other, each with its length before it."""
    with path.open("wb") as file:
        for message in messages:
            file.write(len(message).to_bytes(_LENGTH_BYTES))
            file.write(message)


def read_frames(path: Path) -> Iterator[bytes]:
    """The messages of `write_frames`."""
    with path.open("rb") as file:
        while head := file.read(_LENGTH_BYTES):
            yield file.read(int.from_bytes(head))


def _records(entity: Entity, resident_count: int, first: int) -> Iterator[tuple[Record, int]]:
    """Residents numbered from `first`, then the queries, each with its cluster."""
    made = generate(entity, round(resident_count * (1 + QUERIES_A_RESIDENT)), SEED)
    for at, (values, cluster) in enumerate(zip(made.records, made.cluster_ids, strict=True)):
        person = entity is Entity.PERSON
        kind = _PERSON_KINDS[at % len(_PERSON_KINDS)] if person else RecordKind.RECORD_KIND_ACCOUNT
        record = Record(
            name=f"sources/{values['source']}/records/{first + at}",
            kind=kind,
            values={name: value for name, value in values.items() if name in FIELDS},
        )
        number = int(cluster.removeprefix("C"))
        yield record, number if person else -number


def _write(folder: Path, resident_count: int, people_share: float) -> None:
    people = round(resident_count * people_share)
    shares = {Entity.PERSON: (people, 0), Entity.COMPANY: (resident_count - people, people)}
    clusters: list[int] = []
    queries: list[tuple[bytes, int]] = []

    def residents() -> Iterator[bytes]:
        for entity, (count, first) in shares.items():
            if not count:
                continue
            for at, (record, cluster) in enumerate(_records(entity, count, first)):
                if at < count:
                    clusters.append(cluster)
                    yield record.SerializeToString()
                else:
                    queries.append((request_of(record), cluster))

    write_frames(folder / "residents.bin", residents())
    random.Random(SEED).shuffle(queries)
    write_frames(folder / "queries.bin", [request for request, _ in queries])
    # Last, because its presence says that the folder is whole.
    np.savez(
        folder / "truth.npz",
        residents=np.array(clusters, np.int64),
        queries=np.array([cluster for _, cluster in queries], np.int64),
    )


if __name__ == "__main__":
    _write(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
