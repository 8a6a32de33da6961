"""Where results go: tables for a person, or one JSON object a line for a program; never both."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dedup_service.cli.words import shown

WIDTH_OF_A_FILE = 200
_NARROWEST = 20

STYLES = {
    "MATCH": "green",
    "REVIEW": "yellow",
    "NO_MATCH": "red",
    "LOW": "green",
    "MEDIUM": "yellow",
    "HIGH": "red",
    "APPROVED": "green",
    "PENDING": "yellow",
    "REJECTED": "red",
    "EXECUTED": "green",
    "EXPIRED": "red",
    "approves": "green",
    "rejects": "red",
    "OK": "green",
    "NOTE": "yellow",
    "WRONG": "red",
}


Cell = str | Sequence[str]


class Output:
    """The results of one command on stdout."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        terminal = sys.stdout.isatty()
        width = None if terminal or os.environ.get("COLUMNS") else WIDTH_OF_A_FILE
        # rich takes the colours away by itself where there is no terminal or NO_COLOR is set.
        self.console = Console(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False)

    def json(self, item: Message | Mapping[str, Any]) -> None:
        """One line of JSON; fields keep the names of the proto files."""
        content = MessageToDict(item, preserving_proto_field_name=True) if isinstance(item, Message) else item
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def line(self, text: str = "", style: str = "") -> None:
        """One line, or paragraph, of words."""
        self.console.print(Text(text, style=style), soft_wrap=True)

    def text(self, text: str, indent: int = 0, hang: int = 0) -> None:
        """Wrapped between words, `indent` from the left and `hang` more after the first line."""
        self._wrapped(Text(shown(text)), indent, hang)

    def glance(self, text: str, indent: int = 0) -> None:
        """Words cut to one line of the terminal."""
        cut = Text(shown(text))
        cut.truncate(max(self.console.width - indent, _NARROWEST), overflow="ellipsis")
        self.console.print(Text(" " * indent) + cut, soft_wrap=True)

    def entry(self, number: int, title: str, lines: Iterable[str]) -> None:
        """One thing of a numbered list: a title, and words below it; empty ones are left out."""
        heading = Text(f"{number:>3}  {shown(title)}", style="bold")
        for word in title.split():
            if word in STYLES:
                heading.highlight_words([word], STYLES[word])
        self._wrapped(heading, 0, 5)
        for line in lines:
            if line:
                self.text(line, indent=5, hang=2)

    def _wrapped(self, text: Text, indent: int, hang: int) -> None:
        width = max(self.console.width - indent - hang, _NARROWEST)
        for number, line in enumerate(text.wrap(self.console, width)):
            line.rstrip()
            self.console.print(Text(" " * (indent + (hang if number else 0))) + line, soft_wrap=True)

    def heading(self, text: str) -> None:
        self.console.print()
        self.line(text, "bold")

    def bullets(self, heading: str, items: Iterable[str]) -> None:
        """A list under a heading; nothing at all when it is empty."""
        lines = [f"- {item}" for item in items]
        if lines:
            self.heading(heading)
            for line in lines:
                self.text(line, indent=2, hang=2)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Cell]],
        heading: str = "",
        right: Sequence[str] = (),
    ) -> None:
        """A table, with the columns of `right` aligned for numbers; nothing at all without rows.

        A cell of several lines is a sequence of them.
        """
        content = list(rows)
        if not content:
            return
        if heading:
            self.heading(heading)
        table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(column, justify="right" if column in right else "left", overflow="fold")
        for row in content:
            table.add_row(*map(_cell, row))
        self.console.print(table)


def _cell(cell: Cell) -> Text:
    lines = (cell,) if isinstance(cell, str) else cell
    style = STYLES.get(cell, "") if isinstance(cell, str) else ""
    return Text("\n".join(map(shown, lines)), style=style)
