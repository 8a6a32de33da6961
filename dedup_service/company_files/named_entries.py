"""Lists of entries that each have a name of their own, and texts of one line in lists."""

import re
from collections.abc import Callable, Iterator

from dedup_service.company_files.places import Place, Section
from dedup_service.domain.records import SOURCE_PATTERN

NAME_RULE = "must be 1 to 63 lower-case letters, digits, - and _, beginning with a letter"
_LINE = re.compile(r"[^\t\n\r]{1,200}")
_LINE_RULE = "must be a text of 1 to 200 characters in one line"


def named_entries(
    place: Place, keys: tuple[str, ...], taken: dict[str, int], most: int, what: str
) -> Iterator[tuple[str, Section]]:
    """The entries of a list with their names; a name in `taken`, which grows, is a problem.

    Entries beyond `most` are a problem and are not read.
    """
    items = place.items()
    if len(items) > most:
        place.wrong(f"must have at most {most} {what}, not {len(items)}")
    for item in items[:most]:
        entry = item.section("name", *keys)
        written = entry["name"]
        name = written.text(SOURCE_PATTERN, NAME_RULE)
        if name and name in taken:
            written.wrong(f"is the name of the one in line {taken[name]} already: take another")
        taken.setdefault(name, item.line)
        yield name, entry


def distinct(
    place: Place,
    key: Callable[[str], str],
    pattern: re.Pattern[str] = _LINE,
    rule: str = _LINE_RULE,
) -> frozenset[str]:
    """The texts of a list as `key` gives them.

    Two that it gives alike are a problem, and so is one of which it gives nothing, and an empty list.
    """
    found: set[str] = set()
    items = place.items()
    for item in items:
        text = item.text(pattern, rule)
        value = key(text) if text else ""
        if text and not value:
            item.wrong("must hold a letter or digit")
        elif value in found:
            item.wrong("is named twice: keep one")
        elif value:
            found.add(value)
    if isinstance(place.value, tuple) and not items:
        place.wrong("must name at least one: leave the line out where any will do")
    return frozenset(found)
