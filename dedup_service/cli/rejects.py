"""The file of rejected rows, beside the file that they are of."""

import csv
from collections.abc import Iterable
from typing import IO, Self

from dedup_service.cli.csv_rows import Row
from dedup_service.cli.import_plan import ImportPlan


class Rejects:
    """The file of rejected rows, made with the first one; its bytes are as the rows' were."""

    def __init__(self, plan: ImportPlan) -> None:
        self._plan = plan
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, rows: Iterable[Row], problems: Iterable[str]) -> None:
        """Add the rows of a record, each with its line and every reason."""
        if self._file is None:
            self._file = self._plan.rejects_file.open(
                "w", encoding=self._plan.encoding.removesuffix("-sig"), errors="surrogateescape", newline=""
            )
            self._put("line", "reasons", *self._plan.header)
        reasons = "; ".join(problems)
        for row in rows:
            self._put(str(row.line), reasons, *row.cells)

    def _put(self, *cells: str) -> None:
        assert self._file is not None, "write() has opened it"
        csv.writer(self._file, delimiter=self._plan.delimiter).writerow(cells)
