"""How names of other scripts sound in Latin letters, and the skeletons by which readings are compared.

A reading is letter by letter, so it is only as good as the script: Arabic and Hebrew write no short vowels,
Chinese characters have other readings in Japan, and each country spells what it hears in its own way. Hence
readings are not compared as they are, but by what survives: consonants, or syllables reduced to their sound.
"""

from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler, Levenshtein

_SEMITIC = frozenset(("arabic", "hebrew"))
# What these letters are in names, where a table made for any text says otherwise or nothing.
_LETTERS = str.maketrans(
    dict(zip("اأإآعىةوؤيیئپڤگکאעובכפחטקי", "aaaaaaawwyyypvgkaawbkphtky", strict=True))
    | {"ء": "", "چ": "ch", "ژ": "zh", "צ": "ts", "ץ": "ts", "ש": "sh", "ך": "k", "ף": "p"}
)
_RANGES = (
    (0x0370, 0x03FF, "other"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x08FF, "arabic"),
    (0x1100, 0x11FF, "hangul"),
    (0x3040, 0x30FF, "kana"),
    (0x3400, 0x9FFF, "han"),
    (0xAC00, 0xD7FF, "hangul"),
    (0xFB50, 0xFEFF, "arabic"),
    (0x20000, 0x3FFFF, "han"),
)

# Dialects' readings of the commonest Chinese family names, and older ones, in Pinyin.
_DIALECTS = """chan:chen wong:wang cheung:zhang lau:liu leung:liang kwok:guo ng:wu lam:lin yeung:yang
chow:zhou chau:zhou ho:he tsang:zeng tang:deng cheng:zheng lee:li chiu:zhao hui:xu tsui:xu
fung:feng yuen:yuan tam:tan yip:ye so:su tse:xie chung:zhong mak:mai lui:lu kwan:guan fong:fang
szeto:situ chiang:jiang tan:chen lim:lin goh:wu teo:zhang ong:wang koh:xu chua:cai tsai:cai
choi:cai hsieh:xie poon:pan siu:xiao shiu:xiao lo:luo kong:jiang pang:peng yau:qiu wan:yin
au:ou low:liu ang:hong yap:ye"""
_DIALECT_READINGS = dict(pair.split(":") for pair in _DIALECTS.split())


def latin_family_names() -> frozenset[str]:
    """The commonest Chinese family names as dialects and older spellings write them."""
    return frozenset(_DIALECT_READINGS)


def script_of(text: str) -> str:
    """'latin' where all letters are ASCII; else the script of the first letter that is not."""
    if text.isascii():
        return "latin"
    code = next(ord(letter) for letter in text if not letter.isascii())
    return next((script for start, end, script in _RANGES if start <= code <= end), "other")


@lru_cache(maxsize=16384)
def reading_of(text: str) -> str:
    """The text in lower-case Latin letters, as it is read letter by letter; Chinese characters in Pinyin."""
    script = script_of(text)
    if script == "latin":
        return text
    if script in _SEMITIC:
        words = (word[2:] if word.startswith("ال") and len(word) > 4 else word for word in text.split())
        # In 'Allah' two letters stand for one sound.
        text = " ".join(words).replace("لله", "له").translate(_LETTERS)
    elif script == "kana":
        text = _read_kana(text)
    read = "".join(letter for letter in anyascii(text).lower() if "a" <= letter <= "z" or letter == " ")
    if script not in _SEMITIC:
        return read
    # Two equal letters have an unwritten vowel between them: doubled ones are written once.
    return "".join(
        letter + "a" if letter == following else letter
        for letter, following in zip(read, read[1:] + " ", strict=True)
    )


def compare_readings(native: str, latin: str) -> str | None:
    """How near a name in another script is to one in Latin letters: 'close', 'similar' or 'different'.

    None where nothing can be said, as of Chinese characters that are not read so: in Japan, Korea and
    Vietnam they are read in ways that no table of letters knows.
    """
    script = script_of(native)
    return None if script == "latin" or not latin.isascii() else _compared(native, latin, script)


@lru_cache(maxsize=16384)
def _compared(native: str, latin: str, script: str) -> str | None:
    reading = reading_of(native)
    if not reading or not latin:
        return None
    if script == "han":
        same = chinese_key(reading) == chinese_key(latin) or (len(native) > 2 and _is_foreign(reading, latin))
        return "close" if same else None
    if script == "hangul":
        return "close" if korean_key(reading) == korean_key(latin) else "different"
    if script == "kana" and _japanese_key(reading) == _japanese_key(latin):
        return "close"
    return _by_consonants(reading, latin)


def _by_consonants(reading: str, latin: str) -> str | None:
    skeleton = consonants(reading)
    others = [consonants(latin)]
    if latin[0] == "j":
        others.append(consonants("y" + latin[1:]))  # Jakob and Yaakov
    if skeleton in others:
        # One consonant is shared by too many names to say more than that they may be one.
        return "close" if len(skeleton) > 1 else "similar"
    if JaroWinkler.similarity(reading, latin) >= 0.91:
        return "close"
    if min(len(skeleton), len(others[0])) < 2:
        return None
    if len(skeleton) > 2 and any(Levenshtein.distance(skeleton, other) <= 1 for other in others):
        return "similar"
    return "different"


def _is_foreign(reading: str, latin: str) -> bool:
    """Whether characters spell a foreign name by its sound, l for r, a vowel after each consonant."""
    first, second = (consonants(name).replace("r", "l") for name in (reading, latin))
    return len(first) > 2 and first == second


_DIGRAPHS = (
    ("shch", "s"), ("tsch", "s"), ("sch", "s"), ("tch", "s"), ("dzh", "k"), ("dj", "k"), ("sh", "s"),
    ("ch", "s"), ("zh", "s"), ("sz", "s"), ("cz", "s"), ("ts", "s"), ("tz", "s"), ("kh", "k"), ("gh", "k"),
    ("ph", "b"), ("th", "t"), ("dh", "t"), ("x", "ks"), ("ce", "se"), ("ci", "si"),
)  # fmt: skip
_PLACES = str.maketrans("bpvfkqcgjszdtmnlr", "bbbbkkkkkssttmnlr")
_VOWELS = str.maketrans("", "", "aeiouwhy")


@lru_cache(maxsize=16384)
def consonants(latin: str) -> str:
    """The consonants of a name by the place where they are spoken, and whether it begins with a vowel.

    What differs between two scripts' spellings of one name is left out: vowels, h, and voice.
    """
    word = latin.replace(" ", "")
    for letters, sound in _DIGRAPHS:
        if letters in word:
            word = word.replace(letters, sound)
    placed = _without_runs(word.translate(_PLACES))
    return ("a" if word[:1] in "aeiouyw" else "") + placed.translate(_VOWELS)


def _without_runs(text: str) -> str:
    kept = text[:1]
    for letter in text[1:]:
        if letter != kept[-1]:
            kept += letter
    return kept


def _replaced(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for letters, sound in table:
        text = text.replace(letters, sound)
    return text


_KOREAN = (
    ("eui", "i"), ("ee", "i"), ("ui", "i"), ("yi", "i"), ("ae", "e"), ("ay", "e"), ("ai", "e"), ("oi", "e"),
    ("oe", "e"), ("eo", "u"), ("eu", "u"), ("oo", "u"), ("ou", "u"), ("wo", "u"), ("o", "u"), ("w", ""),
    ("y", ""), ("arg", "ag"), ("ark", "ak"), ("rh", "r"), ("ch", "c"), ("j", "c"), ("sh", "s"), ("ng", "n"),
    ("g", "k"), ("d", "t"), ("b", "p"), ("r", "l"), ("uh", "u"), ("ah", "a"),
)  # fmt: skip


@lru_cache(maxsize=16384)
def korean_key(latin: str) -> str:
    """One spelling for the many Latin ones of a Korean name: Park, Pak and Bak; Jung, Jeong and Chung."""
    key = _without_runs(_replaced(latin.replace(" ", ""), _KOREAN))
    if key[:1] == "l":
        # Spoken with the letter in the north, without it in the south: Ri and Yi, Ro and No.
        key = key[1:] if key[1:2] == "i" else "n" + key[1:]
    return key


_CHINESE = (
    ("ieh", "ie"), ("hs", "s"), ("zh", "c"), ("ch", "c"), ("q", "c"), ("j", "c"), ("tz", "z"), ("ts", "z"),
    ("sh", "s"), ("x", "s"), ("ung", "un"), ("ong", "un"), ("ng", "n"), ("yi", "i"), ("y", "i"), ("wu", "u"),
    ("ien", "ian"), ("uo", "o"), ("o", "u"), ("iu", "u"), ("w", "u"), ("g", "k"), ("d", "t"), ("b", "p"),
    ("h", ""),
)  # fmt: skip


@lru_cache(maxsize=16384)
def chinese_key(latin: str) -> str:
    """One spelling for Pinyin, Wade-Giles and the commonest dialects' readings of family names."""
    word = latin.replace(" ", "")
    return _without_runs(_replaced(_DIALECT_READINGS.get(word, word), _CHINESE))


_JAPANESE = (
    ("sy", "sh"), ("ty", "ch"), ("zy", "j"), ("jy", "j"), ("si", "shi"), ("ti", "chi"), ("tu", "tsu"),
    ("zi", "ji"), ("hu", "fu"), ("ou", "o"), ("oh", "o"), ("uu", "u"), ("l", "r"), ("mb", "nb"),
    ("mp", "np"), ("shhi", "shi"), ("v", "b"), ("tch", "ch"),
)  # fmt: skip


def _japanese_key(latin: str) -> str:
    return _without_runs(_replaced(latin.replace(" ", ""), _JAPANESE))


_SMALL_KANA = dict(zip("ゃゅょャュョ", "auoauo", strict=True))


def _read_kana(text: str) -> str:
    read = ""
    for letter in text:
        if letter in _SMALL_KANA and read[-1:] == "i":
            glide = "" if read[-3:-1] in {"sh", "ch"} or read[-2:-1] == "j" else "y"
            read = read[:-1] + glide + _SMALL_KANA[letter]
        elif letter not in "っッー":  # a doubled consonant, a long vowel: both are left out in Latin
            read += anyascii(letter).lower()
    return read
