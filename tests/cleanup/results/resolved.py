"""What an engine would find, found by `scoring.resolution` here: for tests of what becomes of it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from dedup_service.cleanup.finding import Found
from dedup_service.cleanup.reading.gathering import ROW, Gathered
from dedup_service.cleanup.reading.unifying import field_values
from scoring import ScoringModel, Verdict, shipped_model
from scoring.pairs import match_probability, verdict_of
from scoring.resolution import resolve
from scoring.resolution.preparing import prepare_many

_PAIRS = pa.schema(
    [
        *((side, pa.string()) for side in ("left", "right")),
        ("match_weight_bits", pa.float64()),
        ("match_probability", pa.float64()),
        ("verdict", pa.string()),
    ]
)
_CLUSTERS = pa.schema([("cluster", pa.int64()), ("golden_id", pa.string())])


class Weighed(NamedTuple):
    """A pair of rows and what it weighs."""

    left: str
    right: str
    bits: float


def found_by_resolving(gathered: Gathered, folder: Path) -> Found:
    """The duplicates among the rows, by the shipped model, as files of `find_duplicates`."""
    rows = pq.read_table(gathered.path)
    known = gathered.recognised
    values = {one.field: field_values(rows, one).to_pylist() for one in known.fields}
    entities = [known.entity_of(row) for row in rows.to_pylist()]
    resolved = resolve(prepare_many(values, entities), train=False, processes=1)
    ids = rows.column(ROW).to_pylist()
    pairs = [
        Weighed(ids[left], ids[right], bits)
        for left, right, bits in zip(
            resolved.left.tolist(), resolved.right.tolist(), resolved.weights_bits.tolist(), strict=True
        )
    ]
    sizes = Counter(resolved.clusters)
    members = [(cluster, ids[at]) for at, cluster in enumerate(resolved.clusters) if sizes[cluster] > 1]
    return write_found(folder, pairs, members, len(ids), resolved.model)


def write_found(
    folder: Path,
    pairs: Sequence[Weighed],
    members: Sequence[tuple[int, str]],
    record_count: int,
    model: ScoringModel | None = None,
) -> Found:
    """These pairs and members of clusters as files; NO_MATCH pairs are counted and not written."""
    model = model or shipped_model()
    chances = [match_probability(one.bits) for one in pairs]
    verdicts = [verdict_of(chance, model) for chance in chances]
    rows = [
        (*sorted(one[:2]), one.bits, chance, str(verdict))
        for one, chance, verdict in zip(pairs, chances, verdicts, strict=True)
        if verdict is not Verdict.NO_MATCH
    ]
    for name in ("pairs", "clusters", "reviews"):
        (folder / name).mkdir(parents=True)
    _write(folder / "pairs", rows, _PAIRS)
    _write(folder / "clusters", members, _CLUSTERS)
    return Found(
        record_count,
        len(pairs),
        {verdict: verdicts.count(verdict) for verdict in Verdict},
        model,
        frozenset(),
        (),
        folder / "pairs",
        folder / "clusters",
        folder / "reviews",
        folder / "weighed",
    )


def _write(folder: Path, rows: Sequence[Sequence[object]], schema: pa.Schema) -> None:
    columns = {name: [row[at] for row in rows] for at, name in enumerate(schema.names)}
    pq.write_table(pa.Table.from_pydict(columns, schema=schema), folder / "part-0.parquet")
