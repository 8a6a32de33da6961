"""Chinese and Korean names in Latin letters: which word is the family name, and what the syllables are.

A family name of one syllable and a given name of two are written in either order, the two with a hyphen,
apart or in one word: Park Ji-sung, Ji Sung Park, Jisung Park.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from scoring.reading import chinese_key, korean_key, latin_family_names, reading_of
from scoring.vocabulary import known_given_names, names_with_short_forms

# Family names with the commonest first, which tells the order of names whose two ends may both be one.
CHINESE_FAMILIES = (
    "李王张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂"
    "苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鐘汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢"
    "汤湯尹黎易常武乔喬贺賀赖賴龚龔文習习温溫柯"
)
_KOREAN = """kim gim lee yi rhee li ri rhie park pak bak choi choe chey jung jeong chung cheong chong
kang gang cho jo joe yoon yun youn jang chang lim im rim yim han shin sin oh o seo suh so kwon gwon hwang ahn
an song ryu yoo yu hong ko go koh moon mun son sohn yang bae pae baek paek paik heo hur huh nam no noh roh ha
jeon jun chun woo wu"""
KOREAN_FAMILIES = frozenset(_KOREAN.split())


def _ranks() -> dict[str, int]:
    """Family name in Latin letters -> about how many are commoner."""
    ranks = dict.fromkeys(latin_family_names(), len(CHINESE_FAMILIES) // 2)
    for names in (map(reading_of, CHINESE_FAMILIES), _KOREAN.split()):
        for rank, name in enumerate(names):
            ranks[name] = min(rank, ranks.get(name, rank))
    return ranks


_RANKS = _ranks()
_COMMONEST = 4
_SYLLABLE = (
    "(?:[ckst]h|zh|t[sz]|hs|[kg]w|[bpmfdtnlgkhjqxrzcsyw])?"
    "(?:[iu]a[io]?|[iwy]?ae|eui?|y?eo|[iuy]e|a[iou]?|e[eio]?|y?o[eiouw]?|iu|i|u[eio]?|wo|wa)"
    "(?:ng|[nklmpt](?![aeiou])|h(?![aeiou]))?"
)
_TWO_SYLLABLES = re.compile(rf"(?:{_SYLLABLE}){{2}}")
_ONE_SYLLABLE = re.compile(_SYLLABLE)


def is_family_name(word: str) -> bool:
    """Whether a word in Latin letters is a common Chinese or Korean family name."""
    return word in _RANKS


def given_and_family(words: Sequence[str], hyphened: int) -> tuple[str, str] | None:
    """The given name in one word and the family name of two or three words, in either order; None of another
    name, or where the order cannot be told. `hyphened` is the place of the word that a hyphen ties to the one
    after it, or -1.
    """
    first, *_, last = words
    if len(words) == 2:
        return (last, first) if _is_family(first, last) and _is_given(first, last) else None
    if hyphened == 1 or (hyphened < 0 and _is_family(first, last)):
        given, family = words[1:], first
    elif hyphened == 0 or _is_family(last, first):
        given, family = words[:2], last
    else:
        return None
    is_east_asian = any(map(is_syllable, given)) if hyphened >= 0 else are_syllables(given)
    return ("".join(given), family) if is_east_asian and is_family_name(family) else None


def _is_family(word: str, other: str) -> bool:
    """Whether a word is a family name where the other is none, is a far rarer one, or where this is no
    syllable of a given name: Park.
    """
    rank = _RANKS.get(word)
    return rank is not None and (not is_syllable(word) or rank < _RANKS.get(other, len(_RANKS)) // 2)


def _is_given(family: str, word: str) -> bool:
    """Whether a word after a family name is a given name. After one that is a given name elsewhere (Joe, Lin)
    it is so only where the family name is of the commonest (Kim, Lee) and the word has two syllables.
    """
    if family in known_given_names():
        return _RANKS[family] < _COMMONEST and is_of_two_syllables(word)
    return is_of_two_syllables(word) or is_syllable(word)


def is_syllable(word: str) -> bool:
    """Whether a word in Latin letters may be one syllable of a Chinese or Korean name."""
    return _ONE_SYLLABLE.fullmatch(word) is not None


def are_syllables(words: Sequence[str]) -> bool:
    """Whether two words are the two syllables of one given name."""
    return len(words) == 2 and all(map(is_syllable, words))


@lru_cache(maxsize=16384)
def is_of_two_syllables(word: str) -> bool:
    """Whether a word may be a Chinese or Korean given name, and is no name that is known elsewhere."""
    return _TWO_SYLLABLES.fullmatch(word) is not None and word not in known_given_names()


@lru_cache(maxsize=16384)
def are_other_syllables(first: str, second: str) -> bool:
    """Whether two given names of two syllables, alike by their letters, are likelier two names than one with
    a slip: another syllable is another name, unless both are ways to spell one.
    """
    return (
        _TWO_SYLLABLES.fullmatch(first) is not None
        and _TWO_SYLLABLES.fullmatch(second) is not None
        and names_with_short_forms().isdisjoint((first, second))
        and korean_key(first) != korean_key(second)
        and chinese_key(first) != chinese_key(second)
    )
