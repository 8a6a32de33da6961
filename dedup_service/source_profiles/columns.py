"""Columns of a file by their names, and the cells of a row below them.

Case, spaces and punctuation of a name do not matter: `FirstName`, `First Name` and `first_name` are one
column. So an export with field names and one with labels are mostly read by one and the same profile.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NOT_WORD = re.compile(r"[\W_]+")


def folded(name: str) -> str:
    """A column's name as it is compared; empty where it has no letter and no digit."""
    return _NOT_WORD.sub("", name.casefold())


@dataclass(frozen=True, slots=True)
class Columns:
    """The first of `alternatives` that holds something, its columns joined by a space."""

    alternatives: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> "Columns":
        """What ``Street + City | Address`` means.

        Raises:
            ValueError: a name between two marks is missing.
        """
        alternatives = tuple(tuple(name.strip() for name in joined.split("+")) for joined in text.split("|"))
        if not all(folded(name) for joined in alternatives for name in joined):
            raise ValueError("must be names of columns, such as Street + City | Address")
        return cls(alternatives)

    @property
    def names(self) -> tuple[str, ...]:
        """Every column, each once."""
        return tuple(dict.fromkeys(name for joined in self.alternatives for name in joined))

    def __str__(self) -> str:
        return " | ".join(" + ".join(joined) for joined in self.alternatives)


class Header:
    """The columns of one file.

    A column that stands twice is no column at all, as nobody knows which of the two is meant:
    `repeated` names those that somebody asked for.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.repeated: set[str] = set()
        self._times = Counter(self.names)
        self._places: dict[str, int] = {}
        self._bound: dict[Columns, tuple[tuple[int, ...], ...]] = {}
        self._used: set[int] = set()
        for place, name in enumerate(self.names):
            self._places.setdefault(folded(name), place)

    def place(self, name: str) -> int | None:
        """Where a column stands: the one of just this name, or else the first that is called alike."""
        if self._times[name] == 1:
            return self.names.index(name)
        place = self._places.get(folded(name))
        if place is not None and self._times[self.names[place]] > 1:
            self.repeated.add(self.names[place])
            return None
        return place

    def has(self, columns: Columns) -> bool:
        """Whether the file has any of these columns."""
        return bool(self.places(columns))

    def places(self, columns: Columns) -> tuple[tuple[int, ...], ...]:
        """Where the columns stand that the file has, by alternative."""
        bound = self._bound.get(columns)
        if bound is None:
            found = (
                tuple(place for name in joined if (place := self.place(name)) is not None)
                for joined in columns.alternatives
            )
            bound = self._bound[columns] = tuple(places for places in found if places)
        return bound

    def words(self, columns: Columns) -> str:
        """These columns as they stand in the file."""
        return ", ".join(self.names[place] for joined in self.places(columns) for place in joined)

    def use(self, all_columns: Iterable[Columns]) -> None:
        """Note what somebody will read."""
        for columns in all_columns:
            self._used.update(place for joined in self.places(columns) for place in joined)

    @property
    def unused(self) -> tuple[str, ...]:
        """The columns that nobody has said to read, in their order."""
        return tuple(name for place, name in enumerate(self.names) if place not in self._used)


@dataclass(frozen=True, slots=True)
class Cells:
    """One row below a header."""

    header: Header
    texts: Sequence[str]

    def text(self, columns: Columns) -> str:
        """What the first alternative says that says something; without spaces around it."""
        for places in self.header.places(columns):
            if len(places) == 1:
                text = self.texts[places[0]].strip()
            else:
                text = " ".join(filter(None, (self.texts[place].strip() for place in places)))
            if text:
                return text
        return ""
