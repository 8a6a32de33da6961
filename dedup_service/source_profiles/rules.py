"""What a profile says about one part of a record: where the text is read, and what it means."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dedup_service.domain.records import ChildKind
from dedup_service.source_profiles.columns import Cells, Columns, Header
from dedup_service.source_profiles.identifiers import salesforce_id

YES = ("true", "1", "yes", "y", "x")
NO = ("false", "0", "no", "n")


class Form(StrEnum):
    """How a text is rewritten, where one thing is written in several ways."""

    SALESFORCE_ID = "salesforce_id"
    LOWER_CASE = "lower_case"


_REWRITES: Mapping[Form, Callable[[str], str]] = {
    Form.SALESFORCE_ID: salesforce_id,
    Form.LOWER_CASE: str.lower,
}


def means(text: str, word: str) -> bool:
    """Whether a cell says a word of a profile.

    ``true`` and ``false`` stand for all ways in which exports write them, ``*`` for anything that is not
    empty, and ``00G*`` for what begins so.
    """
    said = text.strip().casefold()
    wanted = word.casefold()
    if wanted == "true":
        return said in YES
    if wanted == "false":
        return said in NO
    if wanted.endswith("*"):
        return bool(said) and said.startswith(wanted[:-1])
    return said == wanted


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a row says one of some words in a column."""

    columns: Columns
    words: tuple[str, ...]

    def holds(self, cells: Cells) -> bool:
        """Whether it does; never where the file has no such column."""
        if not cells.header.has(self.columns):
            return False
        text = cells.text(self.columns)
        return any(means(text, word) for word in self.words)

    def __str__(self) -> str:
        words = ({"": "empty", "*": "anything"}.get(word, word) for word in self.words)
        return f"{self.columns} is {' or '.join(words)}"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one text is read from a row.

    Either `columns` say where, or `text` says what. `values` give meanings to words, by the word in the
    file; `otherwise` is the meaning of every other text, the empty one too; without it, what is no word of
    `values` is taken as it stands if there are no `values`, and says nothing if there are.
    `first_of` is what stands between the parts of a list, of which the first is read. `without` is
    a beginning that the system writes before its text, `prefix` one that the profile puts there.
    """

    columns: Columns | None = None
    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    first_of: str = ""
    without: str = ""
    prefix: str = ""
    form: Form | None = None
    required: bool = False
    currency: Columns | None = None
    currency_code: str = ""
    open_children: ChildKind | None = None

    def applies(self, cells: Cells) -> bool:
        """Whether its conditions hold for a row."""
        if not self.when and not self.unless:
            return True
        return all(each.holds(cells) for each in self.when) and not any(
            each.holds(cells) for each in self.unless
        )

    def can_speak(self, header: Header) -> bool:
        """Whether any row below this header could make it say something, or miss what must be said."""
        if not all(header.has(each.columns) for each in self.when):
            return False
        return self.required or self.columns is None or header.has(self.columns)

    def read(self, cells: Cells) -> str:
        """The text of a row; empty where the rule says nothing about it."""
        if not self.applies(cells):
            return ""
        if self.columns is None:
            return self.text
        if not cells.header.has(self.columns):
            return ""
        text = cells.text(self.columns)
        if self.first_of:
            text = text.partition(self.first_of)[0].strip()
        text = self._meaning(text.removeprefix(self.without).strip())
        if text and self.form is not None:
            text = _REWRITES[self.form](text)
        return self.prefix + text if text else ""

    def _meaning(self, text: str) -> str:
        for word, meaning in self.values.items():
            if means(text, word):
                return meaning
        if self.otherwise is not None:
            return self.otherwise
        return "" if self.values else text

    def columns_read(self) -> Iterator[Columns]:
        """Every column that the rule looks at."""
        yield from (columns for columns in (self.columns, self.currency) if columns is not None)
        yield from (each.columns for each in (*self.when, *self.unless))


Rules = tuple[Rule, ...]
"""Rules for one part of a record, of which the first that says something is taken."""


def first_text(rules: Rules, cells: Cells) -> str:
    """What the first rule says that says something; empty where none does."""
    for rule in rules:
        if text := rule.read(cells):
            return text
    return ""
