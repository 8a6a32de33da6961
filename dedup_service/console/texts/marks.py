"""Stored text made harmless: inert, in its own direction, and with nothing invisible left in it.

What people or systems have stored may hold markup, characters that turn the direction of what follows, and
characters that nobody sees. Each is shown as what it is.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator

from markupsafe import Markup, escape

from dedup_service.console.texts.languages import later as _

MAX_SHOWN = 300
HIDDEN, HIDDEN_SAME, HIDDEN_DIFFERENT = _("hidden"), _("hidden, same"), _("hidden, differs")
_NAMED = {
    "\u200b": "ZWSP",
    "\u200c": "ZWNJ",
    "\u200d": "ZWJ",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u061c": "ALM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2060": "WJ",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
    "\u00ad": "SHY",
    "\ufeff": "BOM",
    "\u00a0": "NBSP",
    "\n": "LF",
    "\r": "CR",
    "\t": "TAB",
}
# Control, format, private use and unassigned characters, surrogates, and separators other than the space.
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})


# Stands for a value that the visitor may not read until the page is done: a word that nobody can have stored,
# which goes through all that cuts, folds and compares texts, and of which nothing is left in a page.
_HIDDEN = f"zq{secrets.token_hex(6)}"
_TAG_DIGITS = 12
_SAME, _DIFFERENT = "same", "differs"
_ANY_HIDDEN = re.compile(rf"{_HIDDEN}({_SAME}|{_DIFFERENT}|[0-9a-f]{{0,{_TAG_DIGITS}}})", re.IGNORECASE)


def hidden(tag: str) -> str:
    """What stands for a value of which only this tag is known; the same for the same tag."""
    return f"{_HIDDEN}{tag[:_TAG_DIGITS]}"


def is_hidden(text: str) -> bool:
    """Whether the text stands for a value that the visitor may not read."""
    return _ANY_HIDDEN.fullmatch(text) is not None


def hidden_beside(*, is_same: bool) -> Markup:
    """The mark of a hidden value beside another one that is the same, or is not."""
    name = "hidden-value" if is_same else "hidden-value differs"
    return Markup('<span class="{}">{}</span>').format(name, _HIDDEN + (_SAME if is_same else _DIFFERENT))


def with_hidden_said(page: str, say: Callable[[str], str]) -> str:
    """The page with words in the place of hidden values; `say` puts them into a language."""
    if _HIDDEN not in page:
        return page
    words = {_SAME: say(HIDDEN_SAME), _DIFFERENT: say(HIDDEN_DIFFERENT)}
    return _ANY_HIDDEN.sub(lambda found: words.get(found[1], say(HIDDEN)), page)


def is_invisible(character: str) -> bool:
    """Whether nobody would see this character, or would take it for a plain space."""
    return character in _NAMED or (
        character != " "
        and (unicodedata.category(character) in _INVISIBLE or unicodedata.category(character) == "Zs")
    )


def mark_of(character: str) -> Markup:
    """An invisible character as something to see, with its code and its name."""
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    short = _NAMED.get(character, code)
    title = f"{code} {name.lower()}".strip()
    return Markup('<span class="mark" title="{}">{}</span>').format(title, short)


def shown(text: str, most: int = MAX_SHOWN) -> Markup:
    """The text escaped, isolated in its own direction, with marks for what is invisible in it.

    Of more than `most` characters the rest stands in a part that opens when asked for.
    """
    if is_hidden(text):
        return Markup('<span class="hidden-value">{}</span>').format(text)
    place = _cut(text, most)
    head, rest = text[:place], text[place:]
    first = Markup("").join(_pieces(head))
    if not rest:
        return Markup('<bdi class="value">{}</bdi>').format(first)
    opening = Markup('<bdi class="value">{}</bdi><details class="more"><summary>… +{}</summary>')
    closing = Markup('<bdi class="value">{}</bdi></details>')
    return opening.format(first, len(rest)) + closing.format(Markup("").join(_pieces(rest)))


def shortened(text: str, most: int = 60) -> Markup:
    """The text as `shown`, cut after `most` characters with an ellipsis: for lists and headings."""
    if is_hidden(text):
        return shown(text)
    if len(text) <= most:
        return Markup('<bdi class="value">{}</bdi>').format(Markup("").join(_pieces(text)))
    head = Markup("").join(_pieces(text[: _cut(text, most - 1)]))
    return Markup('<bdi class="value">{}…</bdi>').format(head)


def plain(text: str, most: int = 60) -> str:
    """The text for where no markup can stand, such as a title: the invisible becomes its code in brackets."""
    cut = text if len(text) <= most else f"{text[: _cut(text, most - 1)]}…"
    return "".join(f"[{_NAMED.get(c, f'U+{ord(c):04X}')}]" if is_invisible(c) else c for c in cut)


def inert(text: str) -> Markup:
    """The text escaped, with marks for what is invisible in it, to stand within a `bdi` that holds more."""
    return Markup("").join(_pieces(text))


def _cut(text: str, most: int) -> int:
    """Where to cut a text after so many characters: behind a hidden value rather than in it."""
    if _HIDDEN not in text:
        return most
    return next(
        (found.end() for found in _ANY_HIDDEN.finditer(text) if found.start() < most < found.end()), most
    )


def _pieces(text: str) -> Iterator[Markup]:
    start = 0
    for place, character in enumerate(text):
        if is_invisible(character):
            yield escape(text[start:place])
            yield mark_of(character)
            start = place + 1
    yield escape(text[start:])
