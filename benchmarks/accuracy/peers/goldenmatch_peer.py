"""goldenmatch as it configures itself: `dedupe_df`, with the switch on by which it takes its Fellegi-Sunter
way where the data has no identifier (its tuning reference names what that is worth), as in its own bake-off.

    python -m benchmarks.accuracy.peers.goldenmatch_peer FOLDER ENTITY

It keeps only the pairs above its threshold, so that a second run with the threshold lowered, and with
probabilities for scores where it is probabilistic (which "ranks pairs identically"), gives the pairs for the
best one; the clusters are those of the first run, the seconds those of both.
"""

import os
from typing import Any

import numpy as np
import polars as pl

from benchmarks.accuracy.peers.exchange import Task, read_task, write_found

os.environ["GOLDENMATCH_AUTOCONFIG_ROUTE_PROBABILISTIC"] = "1"
LEAST_PROBABILITY = 1e-9
# Of its own threshold, for what it scores by weights: low enough to lie under the best one on every set.
LEAST_SHARE = 0.75


def main() -> None:
    """Configure and dedupe; then once more for the pairs below the threshold."""
    task = read_task()
    frame = pl.from_pandas(task.records.drop(columns=["record_id"]))
    found = _deduped(frame, None)
    clusters = np.zeros(len(task.records), np.int64)
    for label, cluster in found.clusters.items():
        clusters[cluster["members"]] = label
    config = found.config
    for matchkey in config.get_matchkeys():
        if matchkey.type == "probabilistic":
            matchkey.link_threshold = LEAST_PROBABILITY
            os.environ["GOLDENMATCH_FS_CALIBRATED"] = "posterior"
        elif matchkey.type == "weighted":
            matchkey.threshold *= LEAST_SHARE
    scores: dict[tuple[int, int], float] = {}
    for one, other, score in _deduped(frame, config).scored_pairs:
        scores[one, other] = score
    # What it links by itself stays above the rest, in its own order, which probabilities near 1 would lose.
    for one, other, score in found.scored_pairs:
        scores[one, other] = 1.0 + score
    _write(task, scores, 1.0, clusters)


def _deduped(frame: pl.DataFrame, config: Any) -> Any:
    from goldenmatch import dedupe_df  # noqa: PLC0415 -- it reads the switch above when it is imported

    return dedupe_df(frame, config=config, confidence_required=False, allow_red_config=True)


def _write(task: Task, scores: dict[tuple[int, int], float], threshold: float, clusters: Any) -> None:
    pairs = np.array(sorted(scores), np.int64).reshape(-1, 2)
    values = np.array([scores[one, other] for one, other in pairs.tolist()], np.float64)
    write_found(task, pairs[:, 0], pairs[:, 1], values, threshold=threshold, clusters=clusters)


if __name__ == "__main__":
    main()
