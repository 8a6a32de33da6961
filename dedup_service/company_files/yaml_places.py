"""YAML text as a tree of places, each with its line and path.

The text may come over the network: aliases, tags, depth and numbers of values that no such file needs are
refused while the events are read, before they can cost anything.
"""

import re
from collections.abc import Iterator

import yaml

from dedup_service.company_files.places import Place, Scalar, path_below
from dedup_service.company_files.problems import CompanyFileError, Problem
from dedup_service.company_files.texts import check_size

MAX_DEPTH = 10
# Files that people write have more bytes than this for each value.
_BYTES_PER_VALUE = 8
# The parser in C is much faster; where a platform lacks it, the limits above keep the other one quick.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_places(text: str, where: str, max_bytes: int) -> Place:
    """The outermost place of a YAML text; problems that do not stop the reading are in its `problems`.

    Raises:
        CompanyFileError: it is too large, no YAML, or uses more of YAML than a company file needs.
    """
    check_size(where, len(text.encode(errors="surrogatepass")), max_bytes)
    try:
        _check_characters(text)
        return _Reading(text, max_bytes // _BYTES_PER_VALUE).document()
    except _RefusedError as error:
        raise CompanyFileError(where, [error.problem]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        said = ": ".join(part for part in (error.context, error.problem) if part)
        raise CompanyFileError(where, [Problem(line, "", f"is not valid YAML: {said}")]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise CompanyFileError(where, [Problem(0, "", f"is not valid YAML: {error}")]) from error


class _RefusedError(Exception):
    """The text is not read any further."""

    def __init__(self, line: int, path: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(line, path, message)


def _check_characters(text: str, line: int = 1, path: str = "") -> None:
    found = _UNPRINTABLE.search(text)
    if found:
        code = f"U+{ord(found.group()):04X}"
        line += text.count("\n", 0, found.start())
        raise _RefusedError(line, path, f"holds the control character {code}: take it out")


class _Reading:
    """One pass over the events of a text."""

    def __init__(self, text: str, max_values: int) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self._values_left = max_values
        self._problems: list[Problem] = []

    def document(self) -> Place:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return Place("", 1, Scalar("", plain=True), self._problems)
        root = self._place(next(self._events), "", 0)
        next(self._events)
        more = next(self._events)
        if not isinstance(more, yaml.StreamEndEvent):
            raise _RefusedError(_line(more), "", "a second document begins: write one only, without ---")
        return root

    def _place(self, event: yaml.Event, path: str, depth: int) -> Place:
        self._check(event, path, depth)
        if isinstance(event, yaml.ScalarEvent):
            return Place(path, _line(event), self._scalar(event, path), self._problems)
        if isinstance(event, yaml.SequenceStartEvent):
            return Place(path, _line(event), tuple(self._items(path, depth)), self._problems)
        return Place(path, _line(event), self._fields(path, depth), self._problems)

    def _items(self, path: str, depth: int) -> Iterator[Place]:
        index = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._place(event, f"{path}[{index}]", depth + 1)
            index += 1

    def _fields(self, path: str, depth: int) -> dict[str, Place]:
        fields: dict[str, Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._check(event, path, depth)
            if not isinstance(event, yaml.ScalarEvent):
                raise _RefusedError(_line(event), path, "a key must be a word, not a list or a mapping")
            key = self._scalar(event, path).text
            at = path_below(path, key)
            value = self._place(next(self._events), at, depth + 1)
            if key in fields:
                message = f"is given twice, first in line {fields[key].line}: keep one"
                self._problems.append(Problem(_line(event), at, message))
            else:
                fields[key] = value.moved_to(_line(event))
        return fields

    def _scalar(self, event: yaml.ScalarEvent, path: str) -> Scalar:
        # Quoted text may hold what the text of the file may not: "\0".
        _check_characters(event.value, _line(event), path)
        return Scalar(event.value, plain=event.style is None or event.style == "")

    def _check(self, event: yaml.Event, path: str, depth: int) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _RefusedError(
                _line(event), path, "anchors and aliases (& and *) are not taken: repeat the text"
            )
        if getattr(event, "tag", None):
            raise _RefusedError(_line(event), path, "tags (!) are not taken: leave it out")
        if depth > MAX_DEPTH:
            raise _RefusedError(_line(event), path[:80], "is nested too deep")
        self._values_left -= 1
        if self._values_left < 0:
            raise _RefusedError(_line(event), "", "holds too many values")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
