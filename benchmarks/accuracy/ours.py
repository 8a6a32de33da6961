"""Ours, in a process of its own: reads a part, resolves it with default settings, writes what it found.

python -m benchmarks.accuracy.ours FOLDER ENTITY
"""

import csv
import sys
from pathlib import Path

import numpy as np

from benchmarks.accuracy.outcome import INPUT_PAIRS, INPUT_RECORDS, Outcome, write_outcome
from scoring import Entity, prepare
from scoring.pairs import match_probability
from scoring.resolution import resolve, score_pairs

# Of a given pair the question is yes or no: more likely than not is yes.
PAIR_THRESHOLD = 0.5


def main() -> None:
    """Read FOLDER/records.csv, and FOLDER/pairs.csv where there is one; write FOLDER/outcome.npz."""
    folder, entity = Path(sys.argv[1]), Entity(sys.argv[2])
    with (folder / INPUT_RECORDS).open(encoding="utf-8", newline="") as text:
        comparables = [prepare(row, entity) for row in csv.DictReader(text)]
    if (folder / INPUT_PAIRS).is_file():
        with (folder / INPUT_PAIRS).open(encoding="utf-8", newline="") as text:
            pairs = np.array(
                [(int(row["left"]), int(row["right"])) for row in csv.DictReader(text)], np.int32
            )
        left, right = pairs[:, 0], pairs[:, 1]
        weights = score_pairs(comparables, left, right, train=True)
        probabilities = np.array([match_probability(weight) for weight in weights.tolist()])
        write_outcome(folder, Outcome(left, right, probabilities, None, PAIR_THRESHOLD))
        return
    found = resolve(comparables)
    clusters = np.asarray(found.clusters, dtype=np.int64)
    write_outcome(
        folder,
        Outcome(found.left, found.right, found.probabilities, clusters, found.model.match_threshold),
    )


if __name__ == "__main__":
    main()
