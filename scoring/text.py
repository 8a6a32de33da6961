"""Text as it is compared: one spelling for what people write in many.

`normalise` is idempotent, and caps the length BEFORE Unicode normalisation: ordering a long run of combining
marks takes quadratic time, so an uncapped value of a few hundred kilobytes would hold a thread for seconds.
"""

import unicodedata

MAX_CODE_POINTS = 512

_DELETED = "'`\u2018\u2019\u201b\u02bb\u02bc\u00b4\u00ad"
_ASCII = {code: (chr(code).lower() if chr(code).isalnum() else " ") for code in range(128)}
_ASCII.update({ord(mark): "" for mark in "'`"})

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


def normalise(text: str) -> str:
    """Lower case, without accents or punctuation, single spaces, at most 512 code points.

    Cyrillic and Greek are read letter by letter into Latin, Katakana is written in Hiragana; other scripts
    keep their own letters.
    """
    text = text[:MAX_CODE_POINTS]
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
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
    words: list[str] = []
    run = ""
    for word in text.split():
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
        return "".join(filter(str.isdigit, text))
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
