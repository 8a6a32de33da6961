"""Damaged files at the readers of `dedup import` and `dedup clean`: each is read, or refused with why."""

import json
import subprocess
import sys
from typing import Any

from tests.trust.report import Line, Plan

FILES = 3_000
# Of which Python, pyarrow and what they import take some 250.
MOST_MEMORY_MIB = 1_024
PATIENCE_SECONDS = 1_200
_DETAILS = 20


def run(plan: Plan) -> list[Line]:
    count = plan.count(FILES)
    command = [sys.executable, "-m", "tests.trust.import_files.reading"]
    answer = subprocess.run(
        [*command, str(plan.seed), str(count), str(plan.directory)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    what = "damaged, spoilt and packed files: read, or refused with the reason, in bounded memory"
    if answer.returncode != 0:
        return [Line(what, ("F-1", "F-2"), {"files": 0}, "the reader died", (answer.stderr[-2000:],))]
    said: dict[str, Any] = json.loads(answer.stdout)
    short = []
    if said["wrong"]:
        short.append(f"{len(said['wrong'])} files ended in no refusal that helps")
    if said["memory_mib"] > MOST_MEMORY_MIB:
        short.append(f"took {said['memory_mib']:.0f} MiB")
    figures = {
        "files": sum(said["counts"].values()),
        **said["counts"],
        "MiB at most": round(said["memory_mib"]),
    }
    return [Line(what, ("F-1", "F-2"), figures, "; ".join(short), tuple(said["wrong"][:_DETAILS]))]
