"""goldenmatch as it configures itself: `dedupe_df`, with the switch on by which it takes its Fellegi-Sunter
way where the data has no identifier (its tuning reference names what that is worth), as in its own bake-off.

    python goldenmatch_peer.py FOLDER ENTITY

It keeps only the pairs above its threshold, so that a second run with the threshold lowered gives the pairs
for the best one; the clusters are those of the first run, the seconds those of both.
"""

import os
from typing import Any

import numpy as np
import polars as pl
from exchange import Task, read_task, write_found

os.environ["GOLDENMATCH_AUTOCONFIG_ROUTE_PROBABILISTIC"] = "1"
LEAST_LINK = 0.01
# Of its own threshold, for what it scores by weights: below, the pairs are those of all blocks.
LEAST_SHARE = 0.75


def main() -> None:
    """Configure and dedupe; then once more for the pairs below the threshold."""
    task = read_task()
    frame = pl.from_pandas(task.records.drop(columns=["record_id"]))
    found = _deduped(frame, None)
    clusters = np.zeros(len(task.records), np.int64)
    for label, cluster in found.clusters.items():
        clusters[cluster["members"]] = label
    best: dict[tuple[int, int], float] = {(one, other): score for one, other, score in found.scored_pairs}
    threshold = min(best.values(), default=0.5)
    config = found.config
    for matchkey in config.get_matchkeys():
        if matchkey.type == "probabilistic":
            matchkey.link_threshold = LEAST_LINK
        elif matchkey.type == "weighted":
            matchkey.threshold *= LEAST_SHARE
    for one, other, score in _deduped(frame, config).scored_pairs:
        best.setdefault((one, other), min(score, threshold))
    _write(task, best, threshold, clusters)


def _deduped(frame: pl.DataFrame, config: Any) -> Any:
    from goldenmatch import dedupe_df  # noqa: PLC0415 -- it reads the switch above when it is imported

    return dedupe_df(frame, config=config, confidence_required=False, allow_red_config=True)


def _write(task: Task, best: dict[tuple[int, int], float], threshold: float, clusters: Any) -> None:
    pairs = np.array(sorted(best), np.int64).reshape(-1, 2)
    scores = np.array([best[one, other] for one, other in pairs.tolist()], np.float64)
    write_found(task, pairs[:, 0], pairs[:, 1], scores, threshold=threshold, clusters=clusters)


if __name__ == "__main__":
    main()
