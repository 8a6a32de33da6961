"""What a peer is told and what it writes; it runs in the bench environment, without the project.

    python -m benchmarks.clean.peers.NAME_peer SET OUTPUT [--pairs] [--u-pairs N]

SET/people.csv and SET/companies.csv are read, and OUTPUT/PERSON.npz and OUTPUT/COMPANY.npz written: the
cluster of each record by its place in the file. With `--pairs`, which is never timed, also the scored pairs,
low ones included, so that the best threshold can be looked for.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FILES = {"PERSON": "people.csv", "COMPANY": "companies.csv"}
U_PAIRS = 1e7


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line: where the files are, whether the pairs are wanted too, and how u is sampled."""

    source: Path
    output: Path
    pairs: bool
    u_pairs: float

    def parts(self) -> Iterator[tuple[str, Path]]:
        """Each entity with its file; people first."""
        for entity, name in FILES.items():
            yield entity, self.source / name

    def folder_of(self, entity: str, path: Path) -> Path:
        """A folder with the file as a peer of benchmarks/accuracy reads it; its outcome goes there too."""
        folder = self.output / entity
        folder.mkdir()
        (folder / "records.csv").symlink_to(path.resolve())
        # What those peers read on their command line.
        sys.argv[1:] = [str(folder), entity]
        return folder

    def write(
        self,
        entity: str,
        clusters: npt.NDArray[np.int64],
        pairs: tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]] | None = None,
    ) -> None:
        """The clusters of one entity and, if they were asked for, the pairs: left, right and score."""
        path = self.output / f"{entity}.npz"
        if pairs is None:
            np.savez(path, clusters=clusters)
        else:
            np.savez(path, clusters=clusters, left=pairs[0], right=pairs[1], scores=pairs[2])


def asked() -> Asked:
    """What the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--u-pairs", type=float, default=U_PAIRS)
    options = parser.parse_args()
    return Asked(options.source, options.output, options.pairs, options.u_pairs)
