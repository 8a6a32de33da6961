"""Who cleans the records, how each is started, and where it leaves its clusters."""

import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.accuracy.contestants import BENCH_PYTHON
from benchmarks.accuracy.measure import ScoredPairs
from benchmarks.clean.sets import FILES, Labels, RecordSet, counts
from scoring import Entity

OURS, COMMAND = "ours", "dedup clean"
SPLINK, SPLINK_THIN = "splink", "splink u 1e6"
RECORDLINKAGE, GOLDENMATCH = "recordlinkage", "goldenmatch"
THIN_U_PAIRS = "1e6"
# The same hashes in every run, and no warnings that would be written to no one.
ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}

Clusters = dict[Entity, Labels]


@dataclass(frozen=True, slots=True)
class Contestant:
    """`command` makes the command line of a set, an output folder and the memory that ours may use.

    `clusters` reads what it left there: for each entity the label of each record by its place in the file.

    A peer's command takes `--pairs` too, and leaves its scored pairs.
    """

    name: str
    command: Callable[[RecordSet, Path, int], list[str]]
    clusters: Callable[[RecordSet, Path], Clusters]
    is_peer: bool


def contestants() -> dict[str, Contestant]:
    """All by name, in the order of the table."""
    return {
        one.name: one
        for one in (
            Contestant(OURS, _ours, _clusters_of_ours, is_peer=False),
            Contestant(COMMAND, _dedup_clean, _clusters_of_command, is_peer=False),
            _peer(SPLINK, "splink"),
            _peer(SPLINK_THIN, "splink", "--u-pairs", THIN_U_PAIRS),
            _peer(RECORDLINKAGE, "recordlinkage"),
            _peer(GOLDENMATCH, "goldenmatch"),
        )
    }


def scored_pairs(output: Path, entity: Entity) -> ScoredPairs:
    """What a peer left when it was asked for pairs."""
    with np.load(output / f"{entity}.npz") as found:
        return ScoredPairs(
            found["left"].astype(np.int64),
            found["right"].astype(np.int64),
            found["scores"].astype(np.float64),
        )


def labels_of(record_count: int, members: Labels, clusters: Labels) -> Labels:
    """A label for each record: that of its cluster, or one of its own."""
    labels: Labels = np.arange(record_count, dtype=np.int64)
    # The first member names the cluster, so that no label is that of a record which is alone.
    _, first, at = np.unique(clusters, return_index=True, return_inverse=True)
    labels[members] = members[first][at]
    return labels


def _ours(one: RecordSet, output: Path, memory_mib: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.clean.ours", str(one.folder), str(output), str(memory_mib)]


def _clusters_of_ours(one: RecordSet, output: Path) -> Clusters:
    table = pq.read_table(output / "clusters")
    rows = np.array([int(row) for row in table.column("golden_id").to_pylist()], np.int64)
    labels = labels_of(one.record_count, rows, table.column("cluster").to_numpy())
    people = counts(one.record_count)[Entity.PERSON]
    return {Entity.PERSON: labels[:people], Entity.COMPANY: labels[people:]}


def _dedup_clean(one: RecordSet, output: Path, memory_mib: int) -> list[str]:
    command = [str(Path(sys.executable).with_name("dedup")), "clean", *map(str, one.files)]
    return [*command, "--output", str(output / "cleaned"), "--memory", str(memory_mib)]


def _clusters_of_command(one: RecordSet, output: Path) -> Clusters:
    found: Clusters = {}
    with (output / "cleaned" / "clusters.csv").open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    for entity, count in counts(one.record_count).items():
        mine = [row for row in rows if row["source"] == Path(FILES[entity]).stem]
        members = np.array([int(row["record_id"][1:]) - 1 for row in mine], np.int64)
        _, clusters = np.unique([row["cluster_id"] for row in mine], return_inverse=True)
        found[entity] = labels_of(count, members, clusters.astype(np.int64))
    return found


def _peer(name: str, script: str, *more: str) -> Contestant:
    def command(one: RecordSet, output: Path, _: int) -> list[str]:
        module = f"benchmarks.clean.peers.{script}_peer"
        return [str(BENCH_PYTHON), "-m", module, str(one.folder), str(output), *more]

    return Contestant(name, command, _clusters_of_peer, is_peer=True)


def _clusters_of_peer(one: RecordSet, output: Path) -> Clusters:
    found: Clusters = {}
    for entity, count in counts(one.record_count).items():
        with np.load(output / f"{entity}.npz") as held:
            found[entity] = held["clusters"]
        assert len(found[entity]) == count, "each record has a label"
    return found
