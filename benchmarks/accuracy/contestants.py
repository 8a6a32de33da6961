"""Runs a contestant on a set, each part in a process of its own, with its seconds and peak memory.

What a peer found is kept under the hash of what it read, its version and its own script, so that running
ours again does not run the peers again. Ours is never kept.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.accuracy.labelled import LabelledSet, Part
from benchmarks.accuracy.measure import ScoredPairs
from benchmarks.accuracy.outcome import INPUT_PAIRS, INPUT_RECORDS, OUTCOME, Outcome, read_outcome

ROOT = Path(__file__).resolve().parents[2]
BENCH_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
PEERS_LOCK = ROOT / "benchmarks" / "peers-requirements.lock"
KEPT = Path(__file__).parent / ".kept"
OURS = "ours"
# The longest that a contestant may take on one part; then it is reported as not finished.
LIMIT_SECONDS = 1800
_PEER_FOLDER = Path(__file__).parent / "peers"
_DISTRIBUTIONS = {"splink": "splink", "recordlinkage": "recordlinkage", "goldenmatch": "goldenmatch"}
PEERS = tuple(_DISTRIBUTIONS)


@dataclass(frozen=True, slots=True)
class Run:
    """What a contestant found in a set, by record position, and what it took."""

    contestant: str
    version: str
    pairs: ScoredPairs
    clusters: np.ndarray[tuple[int], np.dtype[np.int64]] | None
    threshold: float
    seconds: float
    peak_mib: float
    kept_from: str = ""


class NotFinishedError(Exception):
    """A contestant failed or took too long; the message is the last line it wrote."""


def peer_versions() -> dict[str, str]:
    """The pinned version of each peer, from the lock file of the bench environment."""
    lock = PEERS_LOCK.read_text("utf-8")
    found = {name: re.search(rf"^{name}==(\S+)", lock, re.MULTILINE) for name in PEERS}
    return {name: one[1] for name, one in found.items() if one is not None}


def run(contestant: str, labelled: LabelledSet, *, fresh: bool) -> Run:
    """All parts of a set; seconds add up, memory is the largest. Raises NotFinishedError."""
    version = "" if contestant == OURS else peer_versions()[contestant]
    found = [_run_part(contestant, version, part, fresh=fresh) for part in labelled.parts()]
    offsets = [np.array(one.positions, dtype=np.int64) for one in labelled.parts()]
    outcomes = [one.outcome for one in found]
    pairs = ScoredPairs(
        np.concatenate([at[one.left] for at, one in zip(offsets, outcomes, strict=True)]),
        np.concatenate([at[one.right] for at, one in zip(offsets, outcomes, strict=True)]),
        np.concatenate([one.scores.astype(np.float64) for one in outcomes]),
    )
    return Run(
        contestant,
        version,
        pairs,
        _joined_clusters(len(labelled.records), offsets, outcomes),
        max(one.threshold for one in outcomes),
        sum(one.seconds for one in found),
        max(one.peak_mib for one in found),
        max(one.kept_from for one in found),
    )


@dataclass(frozen=True, slots=True)
class _PartRun:
    outcome: Outcome
    seconds: float
    peak_mib: float
    kept_from: str


def _run_part(contestant: str, version: str, part: Part, *, fresh: bool) -> _PartRun:
    key = f"{contestant}-{part.source.name}-{part.entity.lower()}-{_key(contestant, version, part)}"
    kept = KEPT / key
    if contestant != OURS and not fresh and (kept / OUTCOME).is_file():
        seconds, peak_mib, finished = (kept / "cost.txt").read_text("utf-8").split()
        return _PartRun(read_outcome(kept / OUTCOME), float(seconds), float(peak_mib), finished)
    folder = Path(tempfile.mkdtemp(prefix="accuracy-"))
    try:
        (folder / INPUT_RECORDS).write_bytes(part.records_csv())
        if pairs := part.pairs_csv():
            (folder / INPUT_PAIRS).write_bytes(pairs)
        seconds_taken, peak = _timed(_command(contestant, folder, part), folder)
        outcome = read_outcome(folder / OUTCOME)
        if contestant != OURS:
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir(parents=True)
            shutil.copy(folder / OUTCOME, kept / OUTCOME)
            finished = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
            (kept / "cost.txt").write_text(f"{seconds_taken:.1f} {peak:.0f} {finished}\n", "utf-8")
        return _PartRun(outcome, seconds_taken, peak, "")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command(contestant: str, folder: Path, part: Part) -> list[str]:
    if contestant == OURS:
        return [sys.executable, "-m", "benchmarks.accuracy.ours", str(folder), part.entity]
    script = f"benchmarks.accuracy.peers.{contestant}_peer"
    return [str(BENCH_PYTHON), "-m", script, str(folder), part.entity]


def _timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of the wall clock and peak MiB of the process, its start and its imports included."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}
    started = time.perf_counter()
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-S", str(Path(__file__).with_name("clock.py")), *command],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )
        try:
            written, _ = process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired as late:
            raise NotFinishedError(f"took more than {LIMIT_SECONDS} seconds") from late
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    seconds = time.perf_counter() - started
    status, peak_kib = (int(word) for word in written.split())
    if status != 0:
        lines = (folder / "said.txt").read_text("utf-8", "replace").strip().splitlines()
        raise NotFinishedError(lines[-1] if lines else f"exit status {status}")
    return seconds, peak_kib / 1024


def _key(contestant: str, version: str, part: Part) -> str:
    digest = hashlib.sha256(f"{version} {part.content_hash()} ".encode())
    if contestant != OURS:
        for script in sorted(_PEER_FOLDER.glob("*.py")):
            if script.stem.startswith((contestant, "exchange")):
                digest.update(script.read_bytes())
    return digest.hexdigest()[:16]


def _joined_clusters(
    record_count: int, offsets: list[np.ndarray[tuple[int], np.dtype[np.int64]]], outcomes: list[Outcome]
) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    labels = np.zeros(record_count, dtype=np.int64)
    first_free = 0
    for at, outcome in zip(offsets, outcomes, strict=True):
        if outcome.clusters is None:
            return None
        labels[at] = outcome.clusters + first_free
        first_free = int(labels[at].max()) + 1
    return labels
