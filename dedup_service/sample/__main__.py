"""``python -m dedup_service.sample --csv DIR``: the sample as files for ``dedup import``."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from dedup_service.sample.csv_files import write_csv
from dedup_service.sample.generator import DEFAULT_COMPANIES, DEFAULT_PEOPLE, generate


def main(arguments: list[str]) -> int:
    """Write the files and list them."""
    parser = argparse.ArgumentParser(prog="python -m dedup_service.sample", description=__doc__)
    parser.add_argument("--csv", type=Path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--people", type=int, default=DEFAULT_PEOPLE)
    parser.add_argument("--companies", type=int, default=DEFAULT_COMPANIES)
    parser.add_argument(
        "--now",
        type=datetime.fromisoformat,
        default=datetime.now(UTC),
        help="an ISO 8601 time with zone",
    )
    options = parser.parse_args(arguments)
    if options.now.tzinfo is None:
        parser.error("--now needs a time zone, such as 2026-01-31T12:00:00+00:00")
    sample = generate(options.seed, options.people, options.companies, now=options.now)
    for path in write_csv(sample.records, options.csv):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
