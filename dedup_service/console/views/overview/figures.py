"""A figure of the overview: what it says, its pictures, and its table, which is also written as CSV."""

import csv
import io
from dataclasses import dataclass, field

from markupsafe import Markup

# What spreadsheets take for a formula, or for the separator before one.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in a file, what it is called on the page, and whether it holds numbers."""

    key: str
    title: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: what a file gets, how the page writes it, and the address of what it is about.

    What is stored and not made by the console `is_stored`: it may hold anything.
    """

    raw: str | int | float
    shown: str
    url: str = ""
    is_stored: bool = False


NOTHING = Cell("", "")


def text_cell(text: str, url: str = "") -> Cell:
    """A cell of stored text."""
    return Cell(text, text, url, is_stored=True)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, as many in each as there are columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that stands out, and what it is; `mood` is good, warn, bad or nothing."""

    value: str
    title: str
    mood: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A part of the overview. `pictures` are wide and narrow; without them `empty` says why there is none.

    `summary` is the figure in one sentence, `note` what else there is to know of it.
    """

    name: str
    title: str
    summary: str
    table: Table
    pictures: tuple[Markup, ...] = ()
    empty: str = ""
    note: str = ""
    facts: tuple[Fact, ...] = ()
    links: tuple[tuple[str, str], ...] = field(default=())
    links_title: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part of the overview that could not be had: which, and why."""

    name: str
    title: str
    detail: str


def csv_text(table: Table) -> str:
    """The table as CSV, with the names of its columns first.

    Text that a spreadsheet would carry out as a formula begins with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.key for column in table.columns])
    writer.writerows([[harmless(cell.raw) for cell in row] for row in table.rows])
    return out.getvalue()


def harmless(value: str | float) -> str | float:
    """The value, where no spreadsheet takes it for a formula."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
