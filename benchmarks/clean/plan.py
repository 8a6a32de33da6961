"""A job of a hundred million records on paper: rows, bytes, time and price of each stage on a Spark cluster.

python -m benchmarks.clean.plan writes the tables of docs/scale.md; nothing here is measured, all of it is
multiplied from `Measured`, which was, and from `Cluster`, which is chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clean.table import write_marked

SCALE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
NAME = "scale-plan"
RECORDS = 100_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What a record or a pair takes, of 1,000,000 records of the hard generator on the embedded engine; the
    times of Python are estimates from single runs on a machine that did other work too.

    Sizes are of values in memory; Parquet and shuffles compressed by lz4 are smaller. `cpu` is of Python on
    one core of the machine of the benchmark.
    """

    raw_bytes: float = 110.0
    comparable_bytes: float = 110.5
    ids_bytes: float = 50.0
    keys_a_record: float = 8.47
    prepare_cpu_us: float = 45.0
    block_cpu_us_a_key: float = 0.6
    weigh_cpu_us: float = 15.0
    partition_cpu_us_a_link: float = 6.0
    linked_a_record: float = 1.3
    # Two entities, 50,000 records and both sides of 100,000 pairs of each.
    sampled: float = 500_000
    # What follows was not measured at this size: docs/scale.md says where it comes from.
    paired_a_record: float = 31.0
    candidates_a_record: float = 20.0
    common_a_record: float = 4.0
    refined_a_record: float = 6.0

    @property
    def prepared_bytes(self) -> float:
        """Of a record in the workspace, with its keys."""
        return self.comparable_bytes + self.ids_bytes + 8 * self.keys_a_record


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes with disks of their own, and what each gives; the price is that of a node and an hour."""

    nodes: int = 8
    cores: int = 16
    memory_gib: int = 64
    # Of the cores' time, after what the JVM, Arrow and the copies between both take.
    python_share: float = 0.6
    # Sorting, compressing, writing, sending and reading again, of a node.
    shuffle_mb_a_second: float = 300.0
    # Object storage, either way.
    stored_mb_a_second: float = 300.0
    # Until the last task of a step has ended, to the mean of all.
    stragglers: float = 1.5
    start_minutes: float = 6.0
    dollars_an_hour: float = 0.9492
    # What a managed Spark asks for on top, of the price of the node.
    service_share: float = 0.25

    @property
    def python_cores(self) -> float:
        """How many cores' worth of Python all nodes give."""
        return self.nodes * self.cores * self.python_share


@dataclass(frozen=True, slots=True)
class Step:
    """What goes through a step: bytes that one node writes for another to read, bytes to and from storage,
    and seconds of Python on all cores together and of the driver alone.
    """

    name: str
    rows: float
    shuffled_bytes: float = 0.0
    stored_bytes: float = 0.0
    python_seconds: float = 0.0
    driver_seconds: float = 0.0

    def minutes(self, cluster: Cluster) -> float:
        """Of the wall clock, as if Python, shuffle and storage were one after the other."""
        shuffle = self.shuffled_bytes / (cluster.nodes * cluster.shuffle_mb_a_second * 1e6)
        storage = self.stored_bytes / (cluster.nodes * cluster.stored_mb_a_second * 1e6)
        python = self.python_seconds / cluster.python_cores
        return (cluster.stragglers * (python + shuffle + storage) + self.driver_seconds) / 60


def steps(records: float, one: Measured) -> list[Step]:
    """The steps in their order; bytes are rows times the width of a row, numbers being eight bytes."""
    us = 1e-6
    keys, pairs = records * one.keys_a_record, records * one.candidates_a_record
    paired, refined = records * one.paired_a_record, records * one.refined_a_record
    common, linked = records * one.common_a_record, records * one.linked_a_record
    packed = 8 + one.comparable_bytes
    return [
        Step(
            "PREPARE: rows to comparables and keys",
            records,
            stored_bytes=records * (one.raw_bytes + one.prepared_bytes),
            python_seconds=records * one.prepare_cpu_us * us,
        ),
        Step(
            "BLOCK: keys, by key", keys, keys * 16, keys * 8 + paired * 17, keys * one.block_cpu_us_a_key * us
        ),
        Step("BLOCK: common keys, by key and by record", common, common * 40, 0, common * us),
        Step("BLOCK: refined keys, by key", refined, refined * 16, 0, refined * one.block_cpu_us_a_key * us),
        Step("BLOCK: pairs, each once", paired, paired * 16, paired * 17 + pairs * 16),
        Step("TRAIN: samples, on the driver", one.sampled, one.sampled * packed, 0, 0, driver_seconds=90),
        Step("SCORE: left side to pairs", pairs, pairs * 16 + records * packed, pairs * 16),
        Step(
            "SCORE: right side, and weigh",
            pairs,
            pairs * (8 + packed) + records * packed,
            pairs * 24,
            pairs * one.weigh_cpu_us * us,
        ),
        Step(
            "CLUSTER: names to linked pairs", linked, 2 * linked * 40 + records * one.ids_bytes, linked * 90
        ),
        # Links both ways and what they go to, thrice over, halved each round; each round starts some jobs.
        Step("CLUSTER: components, in the engine", linked, 2 * 3 * 2 * linked * 16, 0, 0, driver_seconds=120),
        Step(
            "CLUSTER: pairs of one component, divide",
            pairs,
            2 * pairs * 24 + linked * 32,
            pairs * 24,
            linked * one.partition_cpu_us_a_link * us,
        ),
    ]


def tables(records: int, one: Measured, cluster: Cluster) -> str:
    """The plan as Markdown: the steps, then what they come to."""
    planned = steps(records, one)
    lines = [
        f"| {records:,} records | rows | shuffled | stored | core hours of Python | minutes |",
        "|---|---|---|---|---|---|",
        *(_line(step, cluster) for step in planned),
        "",
        *_sums(records, planned, one, cluster),
    ]
    return "\n".join(lines) + "\n"


def _line(step: Step, cluster: Cluster) -> str:
    return (
        f"| {step.name} | {step.rows / 1e6:,.1f} million | {step.shuffled_bytes / 1e9:,.1f} GB "
        f"| {step.stored_bytes / 1e9:,.1f} GB | {step.python_seconds / 3600:,.2f} "
        f"| {step.minutes(cluster):,.1f} |"
    )


def _sums(records: int, planned: Sequence[Step], one: Measured, cluster: Cluster) -> list[str]:
    minutes = cluster.start_minutes + sum(step.minutes(cluster) for step in planned)
    price = minutes / 60 * cluster.nodes * cluster.dollars_an_hour * (1 + cluster.service_share)
    largest = max(step.shuffled_bytes for step in planned)
    workspace = records * (one.prepared_bytes + one.paired_a_record * 17 + one.candidates_a_record * 40)
    return [
        f"| {cluster.nodes} nodes of {cluster.cores} cores and {cluster.memory_gib} GiB | |",
        "|---|---|",
        f"| all steps, and {cluster.start_minutes:.0f} minutes to start | {minutes:,.0f} minutes |",
        f"| shuffled in all | {sum(step.shuffled_bytes for step in planned) / 1e9:,.0f} GB |",
        f"| workspace, at its fullest | {workspace / 1e9:,.0f} GB |",
        f"| largest shuffle, of a node | {largest / cluster.nodes / 1e9:,.0f} GB |",
        f"| and if all of it spills, of its disk | {2 * largest / cluster.nodes / 1e9:,.0f} GB |",
        f"| price, nodes and service | {price:,.2f} USD |",
        f"| price of a million records | {1e6 * price / records:,.3f} USD |",
    ]


if __name__ == "__main__":
    write_marked(SCALE, NAME, tables(RECORDS, Measured(), Cluster()))
