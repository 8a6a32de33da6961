"""One part of the proof in a process of its own.

`python -m tests.trust.part NAME SEED SHARE DIRECTORY [unhurried]`
"""

import sys
from importlib import import_module
from pathlib import Path

from tests.trust.report import Plan, write_lines

LINES_FILE = "lines.json"


UNHURRIED = "unhurried"


def main(name: str, seed: str, share: str, directory: str, pace: str = "") -> None:
    """Run a part and leave its lines in the directory."""
    plan = Plan(int(seed), float(share), Path(directory), unhurried=pace == UNHURRIED)
    lines = import_module(f"tests.trust.{name}.part").run(plan)
    write_lines(plan.directory / LINES_FILE, lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
