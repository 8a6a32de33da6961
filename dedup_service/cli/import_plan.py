"""What is to be imported from one file: how it is read, and what its columns are."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from dedup_service.cli.csv_rows import ReadRecord, Row
from dedup_service.cli.problems import CommandError


class RowReader(Protocol):
    """Makes records from the rows of one file."""

    def records(self, rows: Iterable[Row]) -> Iterator[ReadRecord]:
        """Every row once, in a record or on its way out."""
        ...

    def notes(self) -> Sequence[str]:
        """What is to be told of the whole file when all of it is read."""
        ...


@dataclass(frozen=True, slots=True)
class ColumnNotes:
    """What is told of the columns of a file: (columns, what they are), (column, why it is nothing), and what
    somebody may do who wants it otherwise.
    """

    taken: Sequence[tuple[str, str]]
    left_out: Sequence[tuple[str, str]]
    advice: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A file that can be read, and what its columns are; `what` names the object of the profile it is of."""

    file: Path
    source: str
    reader: RowReader
    columns: ColumnNotes
    header: tuple[str, ...]
    delimiter: str
    encoding: str
    what: str = ""

    @property
    def rejects_file(self) -> Path:
        """Where rows go that cannot be written."""
        return self.file.with_suffix(".rejects.csv")


@contextmanager
def opened(file: Path, codec: str) -> Iterator[IO[str]]:
    """The text of a file, with bytes that are none of it as surrogates.

    Raises:
        CommandError: it is not of this encoding at all.
    """
    try:
        with file.open(encoding=codec, errors="surrogateescape", newline="") as text:
            yield text
    except UnicodeError as error:
        raise CommandError(f"{file} is not {codec}: say its encoding with --encoding") from error
