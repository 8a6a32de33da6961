"""goldenmatch as in benchmarks/accuracy, as it configures itself, from a file to its clusters.

For its pairs below the threshold it runs a second time, which is not timed.
"""

import os

import numpy as np
import polars as pl

from benchmarks.accuracy.peers import goldenmatch_peer
from benchmarks.accuracy.peers.exchange import read_task
from benchmarks.clean.peers.exchange import asked


def main() -> None:
    """People, then companies."""
    task = asked()
    for entity, path in task.parts():
        folder = task.folder_of(entity, path)
        if task.pairs:
            os.environ.pop("GOLDENMATCH_FS_CALIBRATED", None)
            goldenmatch_peer.main()
            with np.load(folder / "outcome.npz") as found:
                task.write(entity, found["clusters"], (found["left"], found["right"], found["scores"]))
            continue
        task.write(entity, _clusters())


def _clusters() -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    from goldenmatch import dedupe_df  # noqa: PLC0415 -- it reads what the import above set in the environment

    records = read_task().records
    frame = pl.from_pandas(records.drop(columns=["record_id"]))
    clusters = np.zeros(len(records), np.int64)
    found = dedupe_df(frame, confidence_required=False, allow_red_config=True)
    for label, cluster in found.clusters.items():
        clusters[cluster["members"]] = label
    return clusters


if __name__ == "__main__":
    main()
