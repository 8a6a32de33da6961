"""The sentences that the service answers in English, said in the language of the reader.

The service gives its reasons as sentences. Each kind of them is a message of the catalogues with
placeholders, such as `{function} has not voted ({sentence})`: a sentence is recognised by its pattern, and
said again in another language with its numbers, names and nested sentences in their places. What no pattern
fits is shown as it is, marked as English.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from dedup_service.console.texts.languages import ENGLISH
from dedup_service.console.texts.marks import shown
from dedup_service.console.texts.names import FIELDS, Names
from dedup_service.console.texts.service_sentences import SENTENCES, WORDS

Show = Callable[[str], Markup]
Said = Callable[[str, Names], Markup | str]
MOST_SHOWN = 1000
_MOST_NESTED = 4
_COLLECTIONS = "sources|goldenRecords|mergeProposals|merges|distinctions|cleanupJobs|delegations|intakes"
# What a placeholder may stand for, by its name without the digits at its end; any other is any text.
_FORMS = {
    "count": r"\d[\d,]*",
    "number": r"[+-]?\d[\d,]*(?:\.\d+)?",
    "function": r"[a-z][a-z0-9_-]*",
    "functions": r"[a-z][a-z0-9_-]*(?:(?:, | or )[a-z][a-z0-9_-]*)*",
    "source": r"[a-z][a-z0-9_-]*",
    "sources": r"[a-z][a-z0-9_-]*(?:, [a-z][a-z0-9_-]*)*",
    "field": r"[a-z][a-z0-9_.]*",
    "fields": r"[a-z][a-z0-9_.]*(?:, [a-z][a-z0-9_.]*)*",
    "record": rf"(?:{_COLLECTIONS})/\S+?",
    "principal": r"(?:users|services)/\S+?",
    "word": r"[A-Za-z][A-Za-z _-]*?",
    "time": r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?",
}
_ANY = ".+?"
_PLACEHOLDER = re.compile(r"\{([a-z_]+?)(\d*)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of sentence; `plural` is its form for a `count` other than one, where it has one."""

    singular: str
    plural: str
    expression: re.Pattern[str]
    start: str
    end: str
    literal_length: int

    def values_in(self, text: str) -> dict[str, str] | None:
        """What stands in the placeholders, where the text is of this kind."""
        if not (text.startswith(self.start) and text.endswith(self.end)):
            return None
        found = self.expression.fullmatch(text)
        return found.groupdict() if found else None


def _patterns_of(messages: Iterable[tuple[str, str]]) -> Iterator[Pattern]:
    for singular, plural in messages:
        for text in filter(None, (singular, plural)):
            pieces = _PLACEHOLDER.split(text)
            expression = "".join(
                re.escape(piece)
                if place % 3 == 0
                else f"(?P<{piece}{pieces[place + 1]}>{_FORMS.get(piece, _ANY)})"
                if place % 3 == 1
                else ""
                for place, piece in enumerate(pieces)
            )
            literal = sum(len(piece) for piece in pieces[::3])
            yield Pattern(singular, plural, re.compile(expression, re.DOTALL), pieces[0], pieces[-1], literal)


# The longest literal first, and of equal ones that which takes any text last: "owned by {principal}" before
# "owned by {text}".
_PATTERNS = tuple(
    sorted(
        _patterns_of(SENTENCES),
        key=lambda pattern: (-pattern.literal_length, _ANY in pattern.expression.pattern),
    )
)


@lru_cache(maxsize=4096)
def recognise(text: str) -> tuple[Pattern, Mapping[str, str]] | None:
    """The kind of a sentence and what stands in its places, sentences in it included; None for any other."""
    return _recognise(text, _MOST_NESTED)


def _recognise(text: str, depth: int) -> tuple[Pattern, Mapping[str, str]] | None:
    if depth:
        for pattern in _PATTERNS:
            values = pattern.values_in(text)
            if values is not None and all(
                _recognise(value, depth - 1) for name, value in values.items() if name.startswith("sentence")
            ):
                return pattern, values
    return None


def is_recognised(text: str) -> bool:
    """Whether every sentence of a text can be said in other languages."""
    return recognise(text) is not None or (
        "; " in text and all(recognise(part) is not None for part in text.split("; "))
    )


def as_shown(text: str) -> Markup:
    """Text in a sentence made inert; also what no other language has a sentence for."""
    return shown(text, MOST_SHOWN)


def say(text: str, names: Names, show: Show = as_shown) -> Markup:
    """A sentence of the service in the language of these names; `show` makes inert what it quotes."""
    if names.language.tag == ENGLISH:
        return show(text)
    found = recognise(text)
    if found is None and is_recognised(text):
        return Markup("; ").join(say(part, names, show) for part in text.split("; "))
    if found is None:
        return Markup('<span lang="en">{}</span>').format(show(text))
    pattern, values = found
    said = names.language(pattern.singular)
    if pattern.plural:
        count = int(values.get("count", "1").replace(",", ""))
        said = names.language.count(pattern.singular, pattern.plural, count)
    # A message of a catalogue, escaped; what is put into it is escaped by `format`.
    return Markup(escape(said)).format(  # noqa: S704  the line above says why it is safe
        **{name: _value(name.rstrip("0123456789"), value, names, show) for name, value in values.items()}
    )


def say_plainly(text: str, names: Names) -> str:
    """A sentence of the service for where no markup can stand."""
    return say(text, names).striptags()


def _value(kind: str, value: str, names: Names, show: Show) -> Markup | str:
    if kind == "sentence":
        return say(value, names, show)
    return _SAID[kind](value, names) if kind in _SAID else show(value)


def _word(text: str, names: Names) -> Markup | str:
    return names.language(WORDS[text]) if text in WORDS else as_shown(text)


def _principal(text: str, names: Names) -> Markup:
    return shown(names.person(text))


def _function(text: str, names: Names) -> str:
    return names.function(text)


def _source(text: str, names: Names) -> str:
    return names.source(text)


def _field(text: str, names: Names) -> str:
    return names.field(text) if text in FIELDS or text.startswith("custom.") else text


def _several(said: Said) -> Said:
    """How several of them are said in one line, as in `sales, support or finance`."""

    def each_said(text: str, names: Names) -> str:
        parts = re.split(r"(, | or )", text)
        told = [said(part, names) if place % 2 == 0 else part for place, part in enumerate(parts)]
        return "".join(names.language(WORDS[part]) if part in WORDS else str(part) for part in told)

    return each_said


def _fragments(text: str, names: Names) -> Markup:
    """Parts of a sentence in one line, each said by itself; what no pattern fits is a name."""
    parts = re.split(r"(, | and )", text)
    told = [say(part, names) if recognise(part) else as_shown(part) for part in parts[::2]]
    return Markup(", ").join(told)


def _number(text: str, names: Names) -> str:
    """A number that the service wrote in English, with as many decimal places."""
    digits = text.lstrip("+-").replace(",", "")
    places = "0" * len(digits.partition(".")[2])
    written = format_decimal(Decimal(digits), f"#,##0.{places}", locale=names.language.locale)
    return f"{text[: len(text) - len(text.lstrip('+-'))]}{written}"


def _time(text: str, names: Names) -> str:
    """A day that the service wrote in digits, with its time of day where there is one."""
    day, _space, time = text.partition(" ")
    try:
        written = format_date(date.fromisoformat(day), "medium", locale=names.language.locale)
    except ValueError:
        return text
    return f"{written} {time}" if time else written


_SAID: Mapping[str, Said] = {
    "count": _number,
    "number": _number,
    "time": _time,
    "word": _word,
    "principal": _principal,
    "function": _function,
    "functions": _several(_function),
    "source": _source,
    "sources": _several(_source),
    "field": _field,
    "fields": _several(_field),
    "fragments": _fragments,
}
