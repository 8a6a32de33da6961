"""Ours and its peers side by side on every labelled set at hand.

    python -m benchmarks.accuracy [--labelled DIR] [--sets a,b] [--only ours] [--peers splink,goldenmatch]
                                  [--million] [--fresh]

The whole run, that is all sets with ours and all peers, writes benchmarks/results/accuracy.json and the
tables in benchmarks/README.md; a partial one prints its figures and writes nothing.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.accuracy import table
from benchmarks.accuracy.contestants import BENCH_PYTHON, OURS, PEERS, NotFinishedError, peer_versions, run
from benchmarks.accuracy.datasets import MILLIONS, catalogue
from benchmarks.accuracy.results import Result, SetFacts, facts, result_of
from benchmarks.accuracy.targets import State, judge

DEFAULT_LABELLED = Path("../shared/data")


def main() -> int:
    """Run the benchmark; the exit status is 0 when no target falls short."""
    options = _options()
    labelled = options.labelled if options.labelled.is_dir() else None
    if labelled is None:
        print(f"no labelled data in {options.labelled}: FEBRL and the project's own generator alone")
    sets = catalogue(labelled, million=options.million)
    names = options.sets.split(",") if options.sets else list(sets)
    if unknown := [name for name in names if name not in sets]:
        raise SystemExit(f"no such set: {', '.join(unknown)}; there are {', '.join(sets)}")
    contestants = _contestants(options)
    found: list[SetFacts] = []
    for name in names:
        one = sets[name]()
        found.append(facts(one))
        # The peers are measured on up to 100,000 records.
        for contestant in [OURS] if name in MILLIONS and OURS in contestants else contestants:
            try:
                result = result_of(one, run(contestant, one, fresh=options.fresh))
            except NotFinishedError as error:
                result = Result(name, contestant, failure=str(error))
            found[-1].results.append(result)
            print(table.screen_line(found[-1], result), flush=True)
    return _closed(found, whole=not options.sets and set(contestants) == {OURS, *PEERS})


def _contestants(options: argparse.Namespace) -> Sequence[str]:
    if options.only:
        return [options.only]
    peers = options.peers.split(",") if options.peers else list(PEERS)
    if unknown := sorted(set(peers) - set(PEERS)):
        raise SystemExit(f"no such peer: {', '.join(unknown)}; there are {', '.join(PEERS)}")
    if not BENCH_PYTHON.is_file():
        print("no bench environment (make bench-env): ours alone")
        return [OURS]
    print("peers: " + ", ".join(f"{name} {version}" for name, version in peer_versions().items()))
    return [OURS, *peers]


def _closed(found: list[SetFacts], *, whole: bool) -> int:
    judged = judge(found)
    for one in judged:
        print(f"{one.state:<10}  {one.target}  {one.measured}")
    if whole:
        table.write(found, judged)
    else:
        print("a partial run: nothing was written")
    load = os.getloadavg()
    print(f"machine: {os.cpu_count()} cores, load average {load[0]:.2f} {load[1]:.2f} {load[2]:.2f}")
    print(table.closing_line(judged))
    return 1 if any(one.state is State.SHORT for one in judged) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    default = Path(os.environ.get("LABELLED_DATA", DEFAULT_LABELLED))
    parser.add_argument("--labelled", type=Path, default=default, help="the folder of the labelled sets")
    parser.add_argument("--sets", default="", help="names of sets, separated by commas")
    parser.add_argument("--only", default="", choices=("", OURS, *PEERS), help="one contestant alone")
    parser.add_argument("--peers", default="", help="names of peers, separated by commas")
    parser.add_argument(
        "--million", action="store_true", help="the hard sets with a million records too, ours alone"
    )
    parser.add_argument("--fresh", action="store_true", help="run peers again whose figures were kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
