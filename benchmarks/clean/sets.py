"""The sets that everybody cleans: a file of people and one of companies, made once and kept with their truth.

The generator holds some 3 kB a record, so that a file of more people than `MOST_AT_ONCE` is made piece by
piece, each in a process of its own and with a seed of its own: people of different pieces are different.

    python -m benchmarks.clean.sets FILE ENTITY RECORDS SEED FIRST
"""

import csv
import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.hard_crm import generate
from dedup_service.domain.fields import FIELDS
from scoring import Entity

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).parent / ".kept"
FILES = {Entity.PERSON: "people.csv", Entity.COMPANY: "companies.csv"}
PEOPLE_SHARE = 0.8
MOST_AT_ONCE = 1_000_000
SEED = 1
_GENERATOR = ROOT / "benchmarks" / "hard_crm"
_WHOLE = "whole"

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RecordSet:
    """A folder with people.csv and companies.csv and, for the judge alone, the truth about each."""

    folder: Path
    record_count: int

    @property
    def files(self) -> list[Path]:
        """People, then companies."""
        return [self.folder / name for name in FILES.values()]

    def truth(self, entity: Entity) -> Labels:
        """The true cluster of each record, by its place in the file."""
        labels: Labels = np.load(_truth_of(self.folder / FILES[entity]))
        return labels


def counts(record_count: int) -> dict[Entity, int]:
    """How many people and how many companies a set of so many records has."""
    people = round(record_count * PEOPLE_SHARE)
    return {Entity.PERSON: people, Entity.COMPANY: record_count - people}


def pieces(record_count: int, most: int) -> list[int]:
    """The sizes of the pieces that a file is made of: as few as may be, and as equal as may be."""
    number = max(1, -(-record_count // most))
    return [record_count // number + (at < record_count % number) for at in range(number)]


def record_id(position: int) -> str:
    """The id of the record at a place in a file, from 0."""
    return f"R{position + 1:08d}"


def kept(record_count: int) -> RecordSet:
    """The set of so many records; made now if it is not there or is of another generator."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(_GENERATOR.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    KEPT.mkdir(exist_ok=True)
    folder = KEPT / f"{record_count}-{digest.hexdigest()[:12]}"
    for older in KEPT.glob(f"{record_count}-*"):
        if older != folder or not (older / _WHOLE).is_file():
            shutil.rmtree(older)
    if not folder.is_dir():
        print(f"making {record_count:,} records, once", file=sys.stderr)
        folder.mkdir()
        for entity, count in counts(record_count).items():
            _make(folder / FILES[entity], entity, count)
        (folder / _WHOLE).touch()
    return RecordSet(folder, record_count)


def _make(path: Path, entity: Entity, record_count: int) -> None:
    """One file and its truth, of pieces made one after the other."""
    first, labels, offset = 0, [], 0
    for seed, count in enumerate(pieces(record_count, MOST_AT_ONCE), start=SEED):
        command = [sys.executable, "-m", "benchmarks.clean.sets", str(path), entity, str(count)]
        subprocess.run([*command, str(seed), str(first)], check=True, cwd=ROOT)
        first += count
        found: Labels = np.load(_truth_of(path))
        labels.append(found + offset)
        offset += int(found.max()) + 1
    np.save(_truth_of(path), np.concatenate(labels))


def _truth_of(path: Path) -> Path:
    return path.with_suffix(".npy")


def _write(path: Path, entity: Entity, record_count: int, seed: int, first: int) -> None:
    """Append the records of one seed; only columns that some record of the first piece fills are written."""
    crm = generate(entity, record_count, seed)
    if first:
        with path.open(encoding="utf-8", newline="") as text:
            columns = next(csv.reader(text))
    else:
        present = {name for record in crm.records for name in record}
        columns = ["record_id", *sorted(present & FIELDS.keys())]
    with path.open("a", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
        if not first:
            writer.writeheader()
        for at, record in enumerate(crm.records, start=first):
            writer.writerow(record | {"record_id": record_id(at)})
    numbers: dict[str, int] = {}
    labels = [numbers.setdefault(cluster, len(numbers)) for cluster in crm.cluster_ids]
    np.save(_truth_of(path), np.array(labels, np.int64))


if __name__ == "__main__":
    _write(Path(sys.argv[1]), Entity(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
