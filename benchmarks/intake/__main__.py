"""Intake beside 100,000 stored records, on the service as shipped: python -m benchmarks.intake.

Everything runs on two cores: service, index, PostgreSQL and load. A run of the usual size writes the table;
any other prints its figures alone.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.intake import importing, routing
from benchmarks.intake.population import Handed, Population, drawn
from benchmarks.match.figures import tell
from benchmarks.match.processes import hold_to_two_cores
from benchmarks.match.residence import Service, ingest, served
from benchmarks.report import Figure
from dedup_service.rpc.record_conversion import draft_message

RECORDS, LEADS = 100_000, 100_000
SECONDS, ROUNDS = 20.0, 3
WARM_SECONDS = 5.0
# The rest of the list goes over two.
ONE_STREAM_SHARE = 0.2


def main() -> int:
    """Run the benchmark; the exit status is 0 when every target is met."""
    parser = argparse.ArgumentParser(prog="benchmarks.intake", description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS, help="stored before; fewer for a try")
    parser.add_argument("--leads", type=int, default=LEADS, help="of the import")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each round of calls")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of calls that insert")
    parser.add_argument("--workers", type=int, default=2, help="processes of the service")
    options = parser.parse_args()
    hold_to_two_cores()
    calls = round(options.seconds * routing.RATE)
    warm = round(WARM_SECONDS * routing.RATE)
    forms = warm + calls * (options.rounds + 1)
    _say("drawing the sample")
    population = drawn(options.records, forms, options.leads, datetime.now(UTC))
    data_dir = Path(tempfile.mkdtemp(prefix="dedup-bench-"))
    data_dir.chmod(0o711)
    try:
        with served(data_dir, options.workers) as service:
            figures = _measured(service, population, warm, calls)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    usual = (options.records, options.leads, options.seconds, options.rounds) == (
        RECORDS,
        LEADS,
        SECONDS,
        ROUNDS,
    )
    return tell("intake", figures, whole=usual)


def _measured(service: Service, population: Population, warm: int, calls: int) -> list[Figure]:
    entities = population.entities
    _say(f"storing {len(population.residents):,} records")
    ingest(service, map(draft_message, population.residents))
    figures = [Figure("stored before", len(population.residents), "records")]
    routing.round_of(service, population.forms[:warm], validate_only=False)
    rounds = _rounds(population.forms[warm:], calls)
    started = time.monotonic()
    figures += routing.measure(service, rounds[:1], entities, validate_only=True)
    figures += routing.measure(service, rounds[1:], entities, validate_only=False)
    _say(f"Route: {time.monotonic() - started:.0f} s")
    alone = round(len(population.leads) * ONE_STREAM_SHARE)
    figures += importing.measure(service, population.leads[:alone], entities, streams=1)
    figures += importing.measure(service, population.leads[alone:], entities, streams=2)
    return figures


def _rounds(forms: Sequence[Handed], calls: int) -> list[Sequence[Handed]]:
    return [forms[first : first + calls] for first in range(0, len(forms), calls)]


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
