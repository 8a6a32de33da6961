"""What came of a load, in numbers."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import grpc
import msgspec
import numpy as np
import numpy.typing as npt

from tests.trust.load.calls import KINDS, Answers, Load, Numbers, Seconds, write_load

OK: int = grpc.StatusCode.OK.value[0]
REFUSED: int = grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
Places = npt.NDArray[np.bool_]


def run(load: Load, directory: Path) -> "Outcome":
    """Send a load from a process of its own."""
    sent, came = directory / "load.bin", directory / "answers.bin"
    write_load(sent, load)
    subprocess.run([sys.executable, "-m", "tests.trust.load.client", sent, came], check=True)
    return Outcome(load, msgspec.msgpack.decode(came.read_bytes(), type=Answers))


@dataclass(frozen=True)
class Outcome:
    """The calls and their answers; all times are in milliseconds."""

    load: Load
    answers: Answers

    @cached_property
    def due(self) -> Seconds:
        return np.array([call.due for call in self.load.calls])

    @cached_property
    def latency(self) -> Seconds:
        """From the moment at which a call was due."""
        return (np.array(self.answers.ended) - self.due) * 1000

    @cached_property
    def status(self) -> Numbers:
        return np.array(self.answers.status)

    @cached_property
    def kind(self) -> Numbers:
        return np.array([call.kind for call in self.load.calls])

    @property
    def answered(self) -> Places:
        found: Places = self.status == OK
        return found

    @property
    def refused(self) -> Places:
        found: Places = self.status == REFUSED
        return found

    @property
    def failed_count(self) -> int:
        """Calls that ended neither well nor with a refusal."""
        return int(np.sum(~(self.answered | self.refused)))

    @property
    def unhinted_count(self) -> int:
        """Refusals that do not say when to call again."""
        return int(np.sum(self.refused & ~np.array(self.answers.hinted, dtype=bool)))

    @property
    def per_second(self) -> float:
        """Calls that were answered well a second, from the first to the last."""
        return float(np.sum(self.answered)) / max(self.answers.ended)

    def percentile(self, percent: float, of: Places | None = None) -> float:
        """The latency that so many of these calls stay within, or of all; infinite for none."""
        found = self.latency if of is None else self.latency[of]
        return float(np.percentile(found, percent)) if len(found) else float("inf")

    def by_minute(self, percent: float) -> list[float]:
        """That percentile of each minute; the last one may be a part of one."""
        minutes = (self.due // 60).astype(int)
        return [self.percentile(percent, minutes == minute) for minute in range(int(minutes.max()) + 1)]

    def by_kind(self) -> Mapping[str, float]:
        """Counts and latencies of each kind."""
        figures: dict[str, float] = {}
        for place, kind in enumerate(KINDS):
            of = self.kind == place
            if not np.any(of):
                continue
            figures[f"{kind}: calls"] = int(np.sum(of))
            figures[f"{kind}: answered"] = int(np.sum(of & self.answered))
            for percent, name in ((50, "p50"), (99, "p99"), (100, "max")):
                figures[f"{kind}: {name} ms"] = round(self.percentile(percent, of & self.answered), 1)
        return figures
