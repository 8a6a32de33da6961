"""What a writer of records hands over, and the labelled set made of it."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Row:
    """One record before it has its id, with the number of the entity that it describes."""

    values: dict[str, str]
    entity: int
    stratum: str


@dataclass(frozen=True, slots=True)
class HardCrm:
    """A labelled set. The three lists run in parallel.

    records: the fields under the names that the service gives them, with record_id and source. A field that
    the record lacks is not among its keys.
    cluster_ids: the truth, one cluster for each person or company.
    strata: what makes the record hard; for reports alone, since no real record says so.
    """

    records: list[dict[str, str]]
    cluster_ids: list[str]
    strata: list[str]


def shuffled(rows: list[Row], random: Random) -> HardCrm:
    """The rows in random order, with record and cluster ids that carry no information."""
    random.shuffle(rows)
    labels: dict[int, str] = {}
    records, cluster_ids, strata = [], [], []
    for position, row in enumerate(rows, start=1):
        values = {name: value for name, value in row.values.items() if value}
        records.append({"record_id": f"R{position:07d}", **values})
        cluster_ids.append(labels.setdefault(row.entity, f"C{len(labels) + 1:07d}"))
        strata.append(row.stratum)
    return HardCrm(records, cluster_ids, strata)
