"""A labelled set: records under our own field names, and which of them are the same.

Truth never enters a record: what a contestant reads is written from `records` and `entities` alone.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scoring.comparables import Entity

Labels = npt.NDArray[np.int64]
UNLABELLED = -1


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two records and whether they are one; None where the label itself says that it is uncertain."""

    left_id: str
    right_id: str
    same: bool | None


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Records, each with its entity, and their truth: clusters or pairs, never both.

    `clusters` gives the cluster of a record id; a record that is not in it is unlabelled, and no pair of
    it is counted. `strata` gives what makes a record hard.
    """

    name: str
    records: list[dict[str, str]]
    entities: list[Entity]
    clusters: dict[str, str]
    pairs: list[LabelledPair]
    licence: str
    notes: str
    strata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_pairs(self) -> bool:
        return bool(self.pairs)

    def cluster_labels(self) -> Labels:
        """The true cluster of each record as a number, UNLABELLED where it is not known."""
        numbers: dict[str, int] = {}
        return np.fromiter(
            (
                numbers.setdefault(cluster, len(numbers))
                if (cluster := self.clusters.get(record["record_id"])) is not None
                else UNLABELLED
                for record in self.records
            ),
            dtype=np.int64,
            count=len(self.records),
        )

    def parts(self) -> list["Part"]:
        """The people and the companies apart: no contestant compares one with the other."""
        return [
            Part(self, entity, positions)
            for entity in Entity
            if (positions := [at for at, one in enumerate(self.entities) if one is entity])
        ]


@dataclass(frozen=True, slots=True)
class Part:
    """The records of one entity, by their positions in the set."""

    source: LabelledSet
    entity: Entity
    positions: list[int]

    def records_csv(self) -> bytes:
        """The records as a contestant reads them: record_id, then every field that some record has."""
        records = [self.source.records[at] for at in self.positions]
        present = {name for record in records for name, value in record.items() if value}
        columns = ["record_id", *sorted(present - {"record_id"})]
        return _csv(columns, ([record.get(name, "") for name in columns] for record in records))

    def pair_positions(self) -> list[tuple[int, int]]:
        """The labelled pairs of this part, as positions in it; a pair across entities is in no part."""
        at = {self.source.records[one]["record_id"]: here for here, one in enumerate(self.positions)}
        return [
            (at[pair.left_id], at[pair.right_id])
            for pair in self.source.pairs
            if pair.left_id in at and pair.right_id in at
        ]

    def pairs_csv(self) -> bytes:
        """The pairs to be scored, without their labels; empty for a set of clusters."""
        pairs = self.pair_positions()
        return _csv(["left", "right"], ([str(left), str(right)] for left, right in pairs)) if pairs else b""

    def content_hash(self) -> str:
        """What a cached figure is kept under: it changes with any value that a contestant reads."""
        digest = hashlib.sha256(self.records_csv())
        digest.update(self.pairs_csv())
        return digest.hexdigest()[:24]


def _csv(columns: list[str], rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
