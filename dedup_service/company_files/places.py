"""A value of a company file with its line and path, and how each type of value is read from it.

Reading never stops: what is wrong is noted in `problems` and the default takes its place, so that one pass
finds every problem. Whoever reads must look at `problems` before they use what was read.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import yaml

from dedup_service.company_files.problems import MAX_PROBLEMS, Problem

K = TypeVar("K")
D = TypeVar("D")
E = TypeVar("E", bound=StrEnum)

_NOTHING = ("", "~", "null", "Null", "NULL")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?", re.ASCII)
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SHOWN_CODE_POINTS = 40
_LISTED_CODE_POINTS = 600


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it is written; `plain` is without quotes."""

    text: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A value where it stands; one that the file leaves out has the value None."""

    path: str
    line: int
    value: "Scalar | tuple[Place, ...] | Mapping[str, Place] | None"
    problems: list[Problem]

    def moved_to(self, line: int) -> "Place":
        """The same value at the line of its key, where people look for it."""
        return replace(self, line=line)

    @property
    def absent(self) -> bool:
        return self.value is None

    @property
    def written(self) -> str:
        """The text of a scalar, right or wrong."""
        return self.value.text if isinstance(self.value, Scalar) else ""

    def names(self) -> tuple[str, ...]:
        """The keys of a mapping."""
        return tuple(self.value) if isinstance(self.value, Mapping) else ()

    def wrong(self, message: str) -> None:
        """Note a problem with this value."""
        self.problems.append(Problem(self.line, self.path, message))

    def section(self, *keys: str) -> "Section":
        """The mapping at this place, which knows these keys and no others."""
        return Section(self, self.keyed({key: key for key in keys}))

    def keyed(self, known: Mapping[str, K], what: str = "key") -> dict[K, "Place"]:
        """The values of a mapping by what their keys mean; other keys are problems."""
        found = {}
        for key, value in self._fields().items():
            if key in known:
                found[known[key]] = value
            elif known:
                value.wrong(self._unknown(what, key, known))
        return found

    def named(self, pattern: re.Pattern[str], rule: str) -> dict[str, "Place"]:
        """The values of a mapping whose keys are names that the file makes up."""
        for key, value in self._fields().items():
            if not pattern.fullmatch(key):
                value.wrong(f"the name {rule}")
        return dict(self._fields())

    def items(self) -> tuple["Place", ...]:
        """The values of a list."""
        if isinstance(self.value, tuple):
            return self.value
        if self.value is not None:
            self.wrong(f"must be a list such as [a, b], not {self._kind()}")
        return ()

    def choices(self, known: Mapping[str, K], what: str, least: int = 0) -> tuple[K, ...]:
        """A list of known words without repeats."""
        found: list[K] = []
        for item in self.items():
            choice = item.one_of(known, what, None)
            if choice is not None and choice in found:
                item.wrong("is named twice: keep one")
            elif choice is not None:
                found.append(choice)
        if isinstance(self.value, tuple) and len(self.value) < least:
            self.wrong(f"must name at least one {what}")
        return tuple(found)

    def one_of(self, known: Mapping[str, K], what: str, default: D) -> K | D:
        """What a known word means; unchecked where the file says nothing usable about what is known."""
        text = self._word(f"must be a {what}")
        if text is None or not known:
            return default
        if text not in known:
            self.wrong(self._unknown(what, text, known))
            return default
        return known[text]

    def text(self, pattern: re.Pattern[str], rule: str, default: str = "") -> str:
        """Text that follows a rule, which is said as "must be ..."."""
        text = self._word(rule)
        if text is None:
            return default
        if isinstance(self.value, Scalar) and self.value.plain and _means_more(text):
            self.wrong(f"{rule}; YAML takes this for something else than text: put it in quotes")
            return default
        if not pattern.fullmatch(text):
            self.wrong(rule)
            return default
        return text

    def whole(self, least: int, most: int, default: int) -> int:
        """A whole number in a range."""
        rule = f"must be a whole number from {least} to {most}"
        number = self._parsed(_WHOLE, int, rule)
        if number is not None and not least <= number <= most:
            self.wrong(f"{rule}, not {number}")
            return default
        return default if number is None else number

    def number(self, rule: str, fits: Callable[[Decimal], bool], default: D) -> Decimal | D:
        """An exact number that fits a rule, which is said as "must be a number ..."."""
        number = self._parsed(_NUMBER, Decimal, f"{rule}, written out such as 250000 or 0.93")
        if number is not None and not fits(number):
            self.wrong(f"{rule}, not {number}")
            return default
        return default if number is None else number

    def flag(self, default: bool) -> bool:
        """True or false."""
        found = self._parsed(re.compile("true|false"), "true".__eq__, "must be true or false")
        return default if found is None else found

    def date(self) -> date | None:
        """A day of the calendar."""
        rule = "must be a date such as 2026-12-25"
        text = self._word(rule)
        if text is None:
            return None
        try:
            return date.fromisoformat(text if _DATE.fullmatch(text) else "")
        except ValueError:
            self.wrong(rule)
            return None

    def _fields(self) -> Mapping[str, "Place"]:
        if isinstance(self.value, Mapping):
            return self.value
        if self.value is not None:
            self.wrong(f"must be a mapping such as {{name: value}}, not {self._kind()}")
        return {}

    def _word(self, rule: str) -> str | None:
        if isinstance(self.value, Scalar) and not (self.value.plain and self.value.text in _NOTHING):
            return self.value.text
        if self.value is not None:
            self.wrong(f"{rule}, not {self._kind()}")
        return None

    def _parsed(self, pattern: re.Pattern[str], parse: Callable[[str], K], rule: str) -> K | None:
        text = self._word(rule)
        if text is None:
            return None
        if isinstance(self.value, Scalar) and self.value.plain and pattern.fullmatch(text):
            return parse(text)
        quoted = isinstance(self.value, Scalar) and not self.value.plain
        self.wrong(f"{rule}, without quotes" if quoted else f"{rule}, not {shown(text)}")
        return None

    def _unknown(self, what: str, word: str, known: Iterable[str]) -> str:
        """What to say about an unknown word: the nearest known one, and all that are known."""
        by_fold = {each.casefold(): each for each in known}
        near: list[str] = []
        # Looking for the nearest word is slow: not ten thousand times for a text that is made to be wrong.
        if len(self.problems) < MAX_PROBLEMS:
            near = difflib.get_close_matches(word[:_SHOWN_CODE_POINTS].casefold(), by_fold, n=1)
        meant = f"did you mean {by_fold[near[0]]}? Known" if near else "known"
        listed = ", ".join(by_fold.values())
        if len(listed) > _LISTED_CODE_POINTS:
            listed = f"{listed[:_LISTED_CODE_POINTS].rpartition(',')[0]} and others"
        return f"unknown {what} {shown(word)}; {meant} are {listed}"

    def _kind(self) -> str:
        if isinstance(self.value, Scalar):
            nothing = self.value.plain and self.value.text in _NOTHING
            return "nothing" if nothing else shown(self.value.text)
        return "a list" if isinstance(self.value, tuple) else "a mapping"


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with known keys: ``section["key"]`` must be there, ``section.get("key")`` may."""

    place: Place
    fields: Mapping[str, Place]

    def __getitem__(self, key: str) -> Place:
        # Of a section that is absent or no mapping itself, that much is said already.
        if key not in self.fields and isinstance(self.place.value, Mapping):
            missing = Problem(self.place.line, path_below(self.place.path, key), "is missing")
            self.place.problems.append(missing)
        return self.get(key)

    @property
    def empty(self) -> bool:
        """Whether there is a mapping that says nothing."""
        return isinstance(self.place.value, Mapping) and not self.place.value

    def get(self, key: str) -> Place:
        """The value, or an absent place, which reads as its default."""
        absent = Place(path_below(self.place.path, key), self.place.line, None, self.place.problems)
        return self.fields.get(key, absent)


def words(values: type[E]) -> dict[str, E]:
    """The values of an enum by how a file writes them."""
    return {value.value: value for value in values}


def path_below(path: str, key: str) -> str:
    """The path of a key in the mapping at `path`."""
    shown_key = key if len(key) <= _SHOWN_CODE_POINTS else f"{key[:_SHOWN_CODE_POINTS]}..."
    return f"{path}.{shown_key}" if path else shown_key


def shown(text: str) -> str:
    """A word of the file in quotes, shortened to what a line of an error can bear."""
    short = text if len(text) <= _SHOWN_CODE_POINTS else f"{text[:_SHOWN_CODE_POINTS]}..."
    return f'"{short.replace(chr(10), " ")}"'


def _means_more(text: str) -> bool:
    """Whether YAML reads unquoted text as a number, a date, a truth value or the like."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    return any(pattern.match(text) for _, pattern in resolvers.get(text[:1], ()))
