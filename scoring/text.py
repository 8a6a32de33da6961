"""Text as it is compared: one spelling for what people write in many.

`normalise` is idempotent, and caps the length BEFORE Unicode normalisation: ordering a long run of combining
marks takes quadratic time, so an uncapped value of a few hundred kilobytes would hold a thread for seconds.
"""

import unicodedata
from collections.abc import Callable
from typing import Generic, TypeVar

MAX_CODE_POINTS = 512
MOST_REMEMBERED = 32768
"""How many texts are remembered at most, with what was read in them; names and streets need as many."""
FEW_REMEMBERED = 4096
"""The same of what has few values: titles, countries, cities."""
MOST_REMEMBERED_CODE_POINTS = 100

_DELETED = "'`\u2018\u2019\u201b\u02bb\u02bc\u00b4\u00ad"
_ASCII = b"".join((bytes((code,)).lower() if chr(code).isalnum() else b" ") for code in range(128)).ljust(256)
_ASCII_DELETED = b"'`"
_NO_DIGITS = bytes(code for code in range(128) if not chr(code).isdigit())

# Letters that NFKD does not take apart, and the two scripts close enough to Latin for a letter-by-letter
# reading.
_LATIN = dict(zip("øłđðħıŧŋəƒ", "olddhitnef", strict=True)) | {"æ": "ae", "œ": "oe", "þ": "th"}
_CYRILLIC = dict(
    zip("абвгдезийклмнопрстуфхыэіґўјљњђћѕќ", "abvgdeziiklmnoprstufhyeigujlndcsk", strict=True)
) | {
    "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu", "я": "ya",
    "ё": "e", "є": "ye", "ї": "yi", "џ": "dz",
}  # fmt: skip
_GREEK = dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True)) | {
    "θ": "th", "χ": "ch", "ψ": "ps",
}  # fmt: skip
# One reading is written in Katakana by one form and in Hiragana by another.
_KANA = {chr(code): chr(code - 0x60) for code in range(0x30A1, 0x30F7)}
_FOLDED = str.maketrans(_LATIN | _CYRILLIC | _GREEK | _KANA)

_Key = TypeVar("_Key", bound=str | tuple[str, ...])
_Value = TypeVar("_Value")


class Remembered(dict[_Key, _Value], Generic[_Key, _Value]):
    """What a function reads in a text, or in a tuple of texts, by the text: `remembered[text]`.

    Bounded: texts of more than 100 code points are read each time, and all is forgotten where `most` are
    remembered, which costs less than to keep an order. What is common is soon remembered again.
    """

    __slots__ = ("_read", "most")

    def __init__(self, read: Callable[[_Key], _Value], most: int = MOST_REMEMBERED) -> None:
        super().__init__()
        self._read: Callable[[_Key], _Value] = read
        self.most = most

    def __missing__(self, key: _Key) -> _Value:
        value: _Value = self._read(key)
        size = len(key) if isinstance(key, str) else sum(map(len, key))
        if size <= MOST_REMEMBERED_CODE_POINTS:
            if len(self) >= self.most:
                self.clear()
            self[key] = value
        return value


def normalise(text: str) -> str:
    """Lower case, without accents or punctuation, single spaces, at most 512 code points.

    Cyrillic and Greek are read letter by letter into Latin, Katakana is written in Hiragana; other scripts
    keep their own letters.
    """
    text = text[:MAX_CODE_POINTS]
    if text.isascii():
        if text.isalnum():
            return text.lower()
        return " ".join(text.encode().translate(_ASCII, _ASCII_DELETED).decode().split())
    for _ in range(4):
        folded = _fold(text)
        if folded == text:
            break
        text = folded
        if text.isascii():
            break
    return text


def joined(text: str) -> str:
    """The normalised text with its runs of single letters closed up: 's a' is 'sa', 'j p morgan' 'jp
    morgan'.
    """
    given = text.split()
    if 1 not in map(len, given):
        return " ".join(given)
    words: list[str] = []
    run = ""
    for word in given:
        if len(word) == 1 and word.isascii():
            run += word
            continue
        if run:
            words.append(run)
            run = ""
        words.append(word)
    if run:
        words.append(run)
    return " ".join(words)


def digits(text: str) -> str:
    """Only the decimal digits of a text of any script, as ASCII."""
    if text.isascii():
        return text.encode().translate(None, _NO_DIGITS).decode()
    return "".join(str(unicodedata.decimal(letter)) for letter in text if letter.isdecimal())


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)[:MAX_CODE_POINTS].casefold()
    kept = []
    for letter in unicodedata.normalize("NFKD", folded):
        if letter in _DELETED or _is_dropped_mark(letter):
            continue
        if letter.isalnum():
            kept.append(letter)
        else:
            kind = unicodedata.category(letter)
            if kind != "Cf":
                kept.append(letter if kind[0] == "M" else " ")
    plain = unicodedata.normalize("NFC", "".join(kept).translate(_FOLDED))
    return " ".join(" ".join(plain.split())[:MAX_CODE_POINTS].split())


def _is_dropped_mark(letter: str) -> bool:
    # Accents of Latin, Greek and Cyrillic, and the vowel points of Hebrew and Arabic, are often left out.
    # Elsewhere (Devanagari, kana) a mark is part of the letter and stays.
    return (
        "\u0300" <= letter <= "\u036f"
        or "\u0483" <= letter <= "\u0487"
        or "\u0591" <= letter <= "\u05c7"
        or "\u064b" <= letter <= "\u065f"
    )
