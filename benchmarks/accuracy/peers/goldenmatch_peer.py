"""goldenmatch as it configures itself: its Fellegi-Sunter way, `auto_configure_probabilistic_df` and then
`dedupe_df`, which is that of its own bake-off.

    python goldenmatch_peer.py FOLDER ENTITY
"""

import numpy as np
import polars as pl
from exchange import read_task, write_found
from goldenmatch import dedupe_df
from goldenmatch.core.autoconfig import auto_configure_probabilistic_df


def main() -> None:
    """Configure, dedupe, and write its pairs and its clusters."""
    task = read_task()
    frame = pl.from_pandas(task.records.drop(columns=["record_id"]))
    config = auto_configure_probabilistic_df(frame)
    found = dedupe_df(frame, config=config, allow_red_config=True, confidence_required=False)
    pairs = found.scored_pairs
    clusters = np.zeros(len(task.records), np.int64)
    for label, cluster in found.clusters.items():
        clusters[cluster["members"]] = label
    write_found(
        task,
        np.array([pair[0] for pair in pairs], np.int64),
        np.array([pair[1] for pair in pairs], np.int64),
        np.array([pair[2] for pair in pairs], np.float64),
        threshold=0.5,
        clusters=clusters,
    )


if __name__ == "__main__":
    main()
