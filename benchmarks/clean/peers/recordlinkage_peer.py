"""recordlinkage as in benchmarks/accuracy, from a file to clusters: the connected components of its links.

It keeps all its pairs anyway, so that `--pairs` changes nothing of what it does.
"""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.accuracy.peers import recordlinkage_peer
from benchmarks.clean.peers.exchange import asked


def main() -> None:
    """People, then companies."""
    task = asked()
    for entity, path in task.parts():
        folder = task.folder_of(entity, path)
        recordlinkage_peer.main()
        with path.open(encoding="utf-8") as text:
            record_count = sum(1 for _ in text) - 1
        with np.load(folder / "outcome.npz") as found:
            left, right, scores = found["left"], found["right"], found["scores"]
            linked = scores >= float(found["threshold"])
        links = np.ones(int(linked.sum()), np.int8)
        graph = coo_array((links, (left[linked], right[linked])), shape=(record_count, record_count))
        clusters = connected_components(graph, directed=False)[1].astype(np.int64)
        task.write(entity, clusters, (left, right, scores))


if __name__ == "__main__":
    main()
