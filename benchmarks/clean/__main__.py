"""From CSV files to clusters, everybody on the same records: python -m benchmarks.clean.

A run of three or more runs of a contestant on a set keeps its row; once the rows of all contestants and sizes
are there, from one run or several, the table is written. Any other run prints its figures alone.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.accuracy.contestants import BENCH_PYTHON
from benchmarks.clean import growth, table
from benchmarks.clean.contestants import Contestant, contestants
from benchmarks.clean.figures import SIZES, figures
from benchmarks.clean.rows import Asked, Row, keep, kept_row, measured_row
from benchmarks.clean.sets import kept
from benchmarks.match.figures import tell
from benchmarks.match.processes import hold_to_two_cores
from benchmarks.report import RESULTS
from benchmarks.report import table as figures_table

PARTS = ("contestants", "growth")
LEAST_RUNS = 3
SCALE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"


def main() -> int:
    """Run the benchmark; the exit status is 0 when every target is met."""
    known = contestants()
    parser = argparse.ArgumentParser(prog="benchmarks.clean", description=__doc__)
    parser.add_argument("--parts", default="contestants", help=f"of {', '.join(PARTS)}; %(default)s")
    parser.add_argument("--sizes", default="", help="numbers of records, such as 10000,100000")
    parser.add_argument("--contestants", default=",".join(known), help="of %(default)s")
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help="of each, of which the median counts")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds that one run may take")
    parser.add_argument("--memory", type=int, default=1024, help="MiB that the engine of ours may hold")
    options = parser.parse_args()
    parts, names = options.parts.split(","), options.contestants.split(",")
    if unknown := [*(set(parts) - set(PARTS)), *(set(names) - set(known))]:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    if any(known[name].is_peer for name in names) and not BENCH_PYTHON.is_file():
        parser.error("the peers have an environment of their own: make bench-env first")
    hold_to_two_cores()
    sizes = [int(size) for size in options.sizes.split(",") if size]
    asked = Asked(options.runs, options.limit, options.memory)
    status = 0
    if "contestants" in parts:
        status |= _side_by_side(sizes or list(SIZES), [known[name] for name in names], asked)
    if "growth" in parts:
        status |= _growth(sizes or list(growth.SIZES), asked)
    return status


def _side_by_side(sizes: list[int], chosen: list[Contestant], asked: Asked) -> int:
    rows: list[Row] = []
    beaten: set[str] = set()
    for size in sorted(sizes):
        one = kept(size)
        for contestant in chosen:
            if contestant.name in beaten:
                row = Row(size, contestant.name, 0, failure="did not finish fewer records")
            else:
                row = measured_row(contestant, one, asked)
            if row.failure:
                beaten.add(contestant.name)
            if asked.run_count >= LEAST_RUNS:
                keep(row)
            rows.append(row)
            print(table.screen_line(row), flush=True)
    whole = [kept_row(size, name) for size in SIZES for name in contestants()]
    if asked.run_count >= LEAST_RUNS and None not in whole:
        return table.write([row for row in whole if row is not None])
    found = figures(rows)
    return tell(table.NAME, found, whole=False) if found else 0


def _growth(sizes: list[int], asked: Asked) -> int:
    whole = sizes == list(growth.SIZES)
    status = tell(growth.NAME, growth.measure(sizes, asked), whole=whole)
    if whole and (RESULTS / f"{growth.NAME}.json").is_file():
        table.write_marked(SCALE, growth.NAME, figures_table(growth.NAME))
    return status


if __name__ == "__main__":
    sys.exit(main())
