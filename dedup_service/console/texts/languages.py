"""The languages of the console, from gettext catalogues.

English is what stands in the code. Catalogues are read as their `.po` files: 50 ms once, and none of them
can be older than its source.
"""

import gettext
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE_DIRECTORY = Path(__file__).parent.parent / "locale"
DOMAIN = "console"
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its tag, its name in itself, and how to say things in it."""

    tag: str
    name: str
    locale: Locale
    translations: gettext.NullTranslations

    def __call__(self, message: str) -> str:
        """The message in this language, as `_` in code."""
        return self.translations.gettext(message)

    def count(self, singular: str, plural: str, number: int) -> str:
        """The form of the message that goes with a number, without the number filled in."""
        return self.translations.ngettext(singular, plural, number)


def later(message: str) -> str:
    """Marks a message for the catalogues where it is only translated when it is shown."""
    return message


def load_languages() -> dict[str, Language]:
    """All languages by their tags, English first.

    Raises:
        OSError: a catalogue cannot be read.
    """
    found = {ENGLISH: Language(ENGLISH, "English", Locale(ENGLISH), gettext.NullTranslations())}
    for path in sorted(LOCALE_DIRECTORY.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        tag = path.parent.parent.name
        locale = Locale.parse(tag)
        name = locale.get_display_name(tag) or tag
        found[tag] = Language(tag, name.capitalize(), locale, _catalogue(path))
    return found


def _catalogue(path: Path) -> gettext.GNUTranslations:
    with path.open("rb") as source:
        catalogue = read_po(source, domain=DOMAIN)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def accepted_tag(accept_language: str, tags: Iterable[str]) -> str:
    """The tag that an `Accept-Language` likes best of those there are; English where it likes none."""
    known = list(tags)
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        wishes.append((-weight, place, tag.split("-")[0].lower()))
    return next((tag for _, _, tag in sorted(wishes) if tag in known), ENGLISH)
