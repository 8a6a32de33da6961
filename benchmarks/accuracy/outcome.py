"""What passes between a contestant and the measuring process, as files in one folder.

In: records.csv, and pairs.csv where exactly these pairs are to be scored. Out: outcome.npz with pairs by
record position (`left`, `right`), their `scores`, the contestant's own clusters if it makes any, and the
threshold that it uses where nobody says otherwise. Peers write the same file without importing this.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

INPUT_RECORDS = "records.csv"
INPUT_PAIRS = "pairs.csv"
OUTCOME = "outcome.npz"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Scored pairs of one part, and its clusters where the contestant makes them."""

    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float64]
    clusters: npt.NDArray[np.int64] | None
    threshold: float


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Write FOLDER/outcome.npz."""
    clusters = outcome.clusters if outcome.clusters is not None else np.zeros(0, np.int64)
    np.savez_compressed(
        folder / OUTCOME,
        left=outcome.left,
        right=outcome.right,
        scores=outcome.scores,
        clusters=clusters,
        threshold=np.array(outcome.threshold),
    )


def read_outcome(path: Path) -> Outcome:
    """The outcome of a file."""
    with np.load(path) as held:
        clusters = held["clusters"]
        return Outcome(
            held["left"],
            held["right"],
            held["scores"],
            clusters if len(clusters) else None,
            float(held["threshold"]),
        )
