"""The message catalogues of the console: extracts what it says, and holds the catalogues against that.

    python tools/catalogues.py           brings them up to date: new messages empty, old ones left out
    python tools/catalogues.py --check   fails where one is not complete, with what is wrong with it

A catalogue is complete when it has every message and no other, none of them empty or fuzzy, with the
placeholders of the English one in each of its forms.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

REPOSITORY = Path(__file__).resolve().parent.parent
CONSOLE = REPOSITORY / "dedup_service" / "console"
LOCALES = CONSOLE / "locale"
# `visit.language("...")` and `say("...")` say a message at once, `later` and `one` mark it, and `count` and
# `several` have one for one and one for several.
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "later": None,
    "language": None,
    "say": None,
    "one": None,
    "count": (1, 2),
    "several": (1, 2),
}
_METHODS = [("**.py", "python"), ("**.jinja", "jinja2.ext:babel_extract")]
_OPTIONS = {"**.jinja": {"extensions": "jinja2.ext.do", "silent": "false"}}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")
_LINE_WIDTH = 110


def extracted(console: Path = CONSOLE) -> Catalog:
    """Every message of the console, without where it stands."""
    found = Catalog()
    for _file, _line, message, _comments, context in extract_from_dir(
        console, _METHODS, _OPTIONS, keywords=KEYWORDS, directory_filter=_is_ours
    ):
        if message:
            found.add(message, context=context)
    return found


def _is_ours(directory: str) -> bool:
    return Path(directory).name not in {"__pycache__", "static", "locale"}


def forms_of(text: object) -> tuple[str, ...]:
    """The forms of a message or of its translation: one, or one for each kind of number."""
    return tuple(str(each or "") for each in text) if isinstance(text, (list, tuple)) else (str(text or ""),)


def placeholders_in(text: str) -> frozenset[str]:
    """The names of the values that are put into a text, in either notation."""
    return frozenset(one or other for one, other in _PLACEHOLDER.findall(text))


def problems_in(catalogue: Catalog, messages: Catalog) -> Iterator[str]:
    """What keeps a catalogue from being complete, a line each."""
    for message in messages:
        if not message.id:
            continue
        known = catalogue.get(message.id)
        if known is None:
            yield f"is missing: {forms_of(message.id)[0]!r}"
        else:
            yield from _problems_of(known, catalogue.num_plurals)
    for message in (*catalogue, *catalogue.obsolete.values()):
        if message.id and (messages.get(message.id) is None or message.id in catalogue.obsolete):
            yield f"is said nowhere: {forms_of(message.id)[0]!r}"


def _problems_of(message: Message, plural_count: int) -> Iterator[str]:
    english, said = forms_of(message.id), forms_of(message.string)
    if message.fuzzy:
        yield f"is fuzzy: {english[0]!r}"
    if not all(each.strip() for each in said):
        yield f"is empty: {english[0]!r}"
        return
    if len(english) > 1 and len(said) != plural_count:
        yield f"has {len(said)} forms and not {plural_count}: {english[0]!r}"
    # The first form of a language may stand for 1, 21 and 31: what is said of several holds for each.
    wanted = placeholders_in(english[-1])
    for each in said:
        if placeholders_in(each) != wanted:
            names = ", ".join(sorted(placeholders_in(each) ^ wanted))
            yield f"has other placeholders ({names}): {english[0]!r}"
        if (each[:1].isspace(), each[-1:].isspace()) != (english[0][:1].isspace(), english[0][-1:].isspace()):
            yield f"begins or ends with other space: {english[0]!r}"


def read(path: Path) -> Catalog:
    """A catalogue as it is kept."""
    with path.open("rb") as source:
        return read_po(source, locale=path.parent.parent.name)


def write(path: Path, catalogue: Catalog) -> None:
    """Keep a catalogue, in the order of its messages and without what changes with every run."""
    with path.open("wb") as target:
        write_po(
            target, catalogue, width=_LINE_WIDTH, no_location=True, sort_output=True, ignore_obsolete=True
        )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing, and fail where one is incomplete"
    )
    only_check = parser.parse_args(arguments).check
    messages = extracted()
    faults = 0
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/console.po")):
        catalogue = read(path)
        if not only_check:
            catalogue.update(messages, no_fuzzy_matching=True, update_creation_date=False)
            write(path, catalogue)
        for problem in problems_in(catalogue, messages):
            faults += 1
            print(f"{path.relative_to(REPOSITORY)}: {problem}", file=sys.stderr)
    return 1 if only_check and faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
