"""Reads damaged files in a process of its own: `python -m tests.trust.import_files.reading SEED COUNT DIR`.

It prints what became of them, and how much memory it took at most, as JSON.
"""

import csv
import json
import os
import resource
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random

import typer

from dedup_service.cleanup.errors import InputError
from dedup_service.cli.clean_inputs import AskedColumns, plan_files
from dedup_service.cli.csv_rows import rows_of
from dedup_service.cli.import_plan import opened
from dedup_service.cli.importing import plan_import
from dedup_service.cli.problems import CommandError
from dedup_service.reports.dialects import TableError
from tests.trust.import_files.damage import csv_bytes, parquet_bytes

REFUSALS = (InputError, CommandError, TableError, typer.BadParameter)
READ, REFUSED = "read", "refused"


def import_rows(path: Path, random: Random) -> None:
    """What `dedup import` reads of a file, without sending it."""
    plan = plan_import(
        path, "CONTACT", "crm", [], random.choice((",", ";")), random.choice(("utf-8", "cp1252"))
    )
    with opened(path, plan.encoding) as text:
        rows = rows_of(csv.reader(text, delimiter=plan.delimiter))
        for read in plan.reader.records(islice(rows, 1, None)):
            assert read.problems or read.record.name


def clean_rows(path: Path, _: Random) -> None:
    """What `dedup clean` and a cleanup job read of a file."""
    for planned in plan_files([path], "", AskedColumns(None, ())):
        scan = planned.rows.scanned()
        for batch in planned.rows.batches(scan.encoding):
            assert batch.num_columns == len(planned.rows.header)


def outcome(read: Callable[[Path, Random], None], path: Path, random: Random) -> tuple[str, str]:
    """What became of a file, and what is wrong with that, if anything."""
    try:
        read(path, random)
    except REFUSALS as refused:
        # Whoever is refused must see why, and where.
        return REFUSED, "" if len(str(refused)) > 10 else f"says only {refused!r}"
    except Exception as error:  # noqa: BLE001  whatever it is, it should have been a refusal
        return type(error).__name__, "".join(traceback.format_exception(error)[-3:])
    return READ, ""


def main(seed: int, count: int, folder: Path) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(count):
        random = Random(f"{seed} {number}")
        read, data, name = random.choice(
            (
                (import_rows, csv_bytes, "file.csv"),
                (clean_rows, csv_bytes, "file.csv"),
                (clean_rows, parquet_bytes, "file.parquet"),
            )
        )
        path = folder / name
        path.write_bytes(data(random))
        result, problem = outcome(read, path, random)
        counts[f"{name.rpartition('.')[2]} {result}"] += 1
        if problem:
            kept = folder / f"kept-{number}{path.suffix}"
            path.rename(kept)
            wrong.append(f"{read.__name__} of {kept.name} (number {number}): {problem}")
    memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"counts": counts, "wrong": wrong, "memory_mib": memory_mib}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    sys.stdout.flush()
    # What is asked is how files are read. The end of a process with pyarrow's threads is pyarrow's, and was
    # seen to abort (apache/arrow 34314).
    os._exit(0)
