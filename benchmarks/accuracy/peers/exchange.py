"""What a peer reads and writes; it runs in the bench environment, where the project is not installed."""

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True, slots=True)
class Task:
    """The records, with `record_id` as position, and the pairs to score where only these are asked for."""

    folder: Path
    entity: str
    records: pd.DataFrame
    pairs: npt.NDArray[np.int64] | None

    def has(self, *fields: str) -> bool:
        """Whether the set has all of these fields."""
        return all(name in self.records.columns for name in fields)


def read_task() -> Task:
    """The task of the command line: FOLDER ENTITY. An absent value is None."""
    folder, entity = Path(sys.argv[1]), sys.argv[2]
    records = pd.read_csv(folder / "records.csv", dtype=str, keep_default_na=False)
    records = records.astype(object).where(records != "", None)
    records["record_id"] = np.arange(len(records))
    pairs = None
    if (folder / "pairs.csv").is_file():
        with (folder / "pairs.csv").open(encoding="utf-8", newline="") as text:
            pairs = np.array([(int(row["left"]), int(row["right"])) for row in csv.DictReader(text)])
    return Task(folder, entity, records, pairs)


def write_found(
    task: Task,
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float64],
    *,
    threshold: float,
    clusters: npt.NDArray[np.int64] | None = None,
) -> None:
    """Write what was found; `threshold` is the one at which the peer links where nobody says otherwise."""
    np.savez_compressed(
        task.folder / "outcome.npz",
        left=np.asarray(left, dtype=np.int32),
        right=np.asarray(right, dtype=np.int32),
        scores=np.asarray(scores, dtype=np.float64),
        clusters=clusters if clusters is not None else np.zeros(0, np.int64),
        threshold=np.array(threshold),
    )
