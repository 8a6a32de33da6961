"""The sentences that the service answers in English, said in the language of the reader.

The service gives its reasons as sentences. Each kind of them is a message of the catalogues with
placeholders, such as `{function} has not voted ({sentence})`: a sentence is recognised by its pattern, and
said again in another language with its numbers, names and nested sentences in their places. What no pattern
fits is shown as it is, marked as English.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from dedup_service.console.texts.languages import ENGLISH
from dedup_service.console.texts.marks import shown
from dedup_service.console.texts.names import FIELDS, Names
from dedup_service.console.texts.service_sentences import SENTENCES, WORDS

Show = Callable[[str], Markup]
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
                else f"(?P<{piece}{pieces[place + 1]}>{_FORMS.get(piece, '.+?')})"
                if place % 3 == 1
                else ""
                for place, piece in enumerate(pieces)
            )
            literal = sum(len(piece) for piece in pieces[::3])
            yield Pattern(singular, plural, re.compile(expression, re.DOTALL), pieces[0], pieces[-1], literal)


# The longest literal first: "held by source {source}" before "held by {text}".
_PATTERNS = tuple(sorted(_patterns_of(SENTENCES), key=lambda pattern: -pattern.literal_length))


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


def _value(kind: str, value: str, names: Names, show: Show) -> Markup | str:
    if kind == "sentence":
        return say(value, names, show)
    if kind in {"function", "source", "field"}:
        return _named(kind, value, names)
    if kind in {"functions", "sources", "fields"}:
        several = re.split(r"(, | or )", value)
        parts = [
            _named(kind[:-1], part, names) if place % 2 == 0 else names.language(WORDS.get(part, part))
            for place, part in enumerate(several)
        ]
        return "".join(parts)
    if kind == "principal":
        return shown(names.person(value))
    if kind == "word":
        return names.language(WORDS[value]) if value in WORDS else show(value)
    return value if kind in {"count", "number", "time"} else show(value)


def _named(kind: str, value: str, names: Names) -> str:
    if kind == "function":
        return names.function(value)
    if kind == "source":
        return names.source(value)
    return names.field(value) if value in FIELDS or value.startswith("custom.") else value
