"""Slips of hand, ear and machine: what happens to a value between the person and the record."""

import unicodedata
from random import Random

_NEIGHBOURS = {
    "a": "sqz", "b": "vgn", "c": "xvd", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i":
    "uok", "j": "hku", "k": "jli", "l": "ko", "m": "nj", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa",
    "r": "etf", "s": "adw", "t": "ryg", "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z":
    "xas",
}  # fmt: skip
_MISREAD = (("rn", "m"), ("m", "rn"), ("l", "1"), ("o", "0"), ("cl", "d"), ("i", "l"), ("h", "b"), ("u", "v"))
_MISHEARD = (
    ("ph", "f"), ("f", "ph"), ("ck", "k"), ("c", "k"), ("k", "c"), ("ee", "ea"), ("ie", "y"), ("y", "ie"),
    ("sch", "sh"), ("tt", "t"), ("ll", "l"), ("nn", "n"), ("ss", "s"), ("z", "s"), ("ei", "ie"), ("th", "t"),
    ("ey", "y"), ("e", "i"), ("o", "u"), ("v", "w"), ("mac", "mc"), ("son", "sen"),
)  # fmt: skip
_SPELT_OUT = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
    "Ä": "Ae",
    "Ö": "Oe",
    "Ü": "Ue",
    "å": "aa",
    "ø": "oe",
}


def without_marks(text: str) -> str:
    """The text in ASCII, as a system that keeps no accents stores it."""
    if text.isascii():
        return text
    # Neither the sharp s nor the Turkish dotless i comes apart into a letter and a mark.
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("\u0131", "i"))
    return decomposed.encode("ascii", "ignore").decode()


def spelt_out(text: str) -> str:
    """German and Nordic letters as two, as their own speakers write them on a foreign keyboard."""
    if text.isascii():
        return text
    return without_marks("".join(_SPELT_OUT.get(letter, letter) for letter in text))


def typo(text: str, random: Random) -> str:
    """One letter left out, doubled, swapped with the next, or hit beside."""
    if len(text) < 3:
        return text
    at = random.randrange(1, len(text))
    kind = random.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2 and at < len(text) - 1:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    near = _NEIGHBOURS.get(text[at].lower(), "e")
    return text[:at] + near[random.randrange(len(near))] + text[at + 1 :]


def _replaced(text: str, table: tuple[tuple[str, str], ...], random: Random) -> str:
    lowered = text.lower()
    found = [(old, new) for old, new in table if old in lowered]
    if not found:
        return typo(text, random)
    old, new = found[random.randrange(len(found))]
    at = lowered.index(old)
    changed = text[:at] + new + text[at + len(old) :]
    return changed[0].upper() + changed[1:] if text[0].isupper() else changed


def misread(text: str, random: Random) -> str:
    """A slip of optical character recognition."""
    return _replaced(text, _MISREAD, random)


def misheard(text: str, random: Random) -> str:
    """Another spelling of much the same sound, as taken down on the telephone."""
    return _replaced(text, _MISHEARD, random)


def slipped(text: str, random: Random, rate: float) -> str:
    """The text, at the given rate with one slip of some kind."""
    if not text or random.random() >= rate:
        return text
    kind = random.random()
    if kind < 0.5:
        return typo(text, random)
    return misheard(text, random) if kind < 0.85 else misread(text, random)


def wrong_digit(text: str, random: Random) -> str:
    """One digit of a number replaced, or two neighbours swapped."""
    places = [at for at, sign in enumerate(text) if sign.isdigit()][3:]
    if len(places) < 2:
        return text
    index = random.randrange(len(places) - 1)
    at, following = places[index], places[index + 1]
    if random.random() < 0.5 and text[at] != text[following]:
        return text[:at] + text[following] + text[at + 1 : following] + text[at] + text[following + 1 :]
    return text[:at] + str((int(text[at]) + random.randrange(1, 10)) % 10) + text[at + 1 :]


def written_date(year: int, month: int, day: int, random: Random, error_rate: float) -> str:
    """The date as ISO 8601; at the given rate a default, day and month swapped, or one part wrong."""
    if random.random() < error_rate:
        kind = random.random()
        if kind < 0.3:
            return ("1900-01-01", "1970-01-01")[random.randrange(2)]
        if kind < 0.45:
            return f"{year}-01-01"
        if kind < 0.7 and day <= 12:
            month, day = day, month
        elif kind < 0.85:
            day = 1 + (day + random.randrange(1, 27)) % 28
        else:
            year += random.choice((-10, -1, 1, 10))
    return f"{year:04d}-{month:02d}-{day:02d}"
