"""How alike two words of names are: short forms, spellings, slips of the pen, sounds and scripts."""

from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from scoring.attributes.east_asian_names import KOREAN_FAMILIES
from scoring.reading import compare_readings, korean_key, reading_of, script_of
from scoring.vocabulary import (
    equivalent_names,
    given_name_genders,
    known_given_names,
    name_spellings,
    nicknames,
)

CLOSE = 0.91
SIMILAR = 0.80
_UNLIKE = 0.65

_NICKNAMES = nicknames()
_SPELLINGS = name_spellings()
_EQUIVALENTS = equivalent_names()
_KNOWN = known_given_names()
_GENDERS = given_name_genders()
_OF_ONE_GENDER = ({"m"}, {"f"})
_MISREAD = str.maketrans("0134578", "oieastb")
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))


def full_names_of(given: str) -> tuple[str, ...]:
    """The full names that a given name may stand for, in one spelling each: 'bob' is robert; 'steven' is
    stephen; a name that is no short form is itself.
    """
    names = _NICKNAMES.get(given)
    if names is None:
        return (_SPELLINGS.get(given, given),)
    return names


@lru_cache(maxsize=65536)
def compare_given_words(first: str, second: str) -> str | None:  # noqa: PLR0911 -- one return a level
    """The level that two different given names reach, symmetric: 'nickname', 'close', 'initial', 'similar' or
    'different'; None where two scripts cannot be compared.
    """
    if not (first.isascii() and second.isascii()):
        return _across_scripts(first, second)
    if len(first) == 1 or len(second) == 1:
        return "initial" if first[0] == second[0] else "different"
    if _same_person_would_write(first, second):
        return "nickname"
    if not (first.isalpha() and second.isalpha()):
        return _misread(first, second)
    if not _EQUIVALENTS.get(first, _NOTHING).isdisjoint(_EQUIVALENTS.get(second, _NOTHING)):
        return "close"
    likeness = JaroWinkler.similarity(first, second)
    if first in _KNOWN and second in _KNOWN:
        return _of_known_names(first, second, likeness)
    if likeness > 0.7 and _without_umlauts(first) == _without_umlauts(second):
        return "nickname"
    return _by_letters(first, second, likeness)


@lru_cache(maxsize=65536)
def compare_family_words(first: str, second: str) -> str | None:  # noqa: PLR0911 -- one return a level
    """The level that two different family names reach, symmetric: 'exact' (two ways to write an umlaut),
    'close', 'similar' or 'different'; None where two scripts cannot be compared.
    """
    if not (first.isascii() and second.isascii()):
        return _across_scripts(first, second)
    if len(first) == 1 or len(second) == 1:
        return "similar" if first[0] == second[0] else "different"
    if not (first.isalpha() and second.isalpha()) and not (" " in first or " " in second):
        return _misread(first, second)
    likeness = JaroWinkler.similarity(first, second)
    if likeness > 0.7 and _without_umlauts(first) == _without_umlauts(second):
        return "exact"
    if _SPELLINGS.get(first, first) == _SPELLINGS.get(second, second):
        return "close"
    if max(len(first), len(second)) < 6 and _are_one_korean_name(first, second):
        return "close"
    return _by_letters(first, second, likeness)


_NOTHING: frozenset[str] = frozenset()


def _are_one_korean_name(first: str, second: str) -> bool:
    return first in KOREAN_FAMILIES and second in KOREAN_FAMILIES and korean_key(first) == korean_key(second)


def _same_person_would_write(first: str, second: str) -> bool:
    first_names, second_names = full_names_of(first), full_names_of(second)
    if len(first_names) == 1 and len(second_names) == 1:
        return first_names == second_names
    return not set(first_names).isdisjoint(second_names)


def _misread(first: str, second: str) -> str:
    """Digits for the letters that they look like, as text recognition writes them."""
    read_first, read_second = first.translate(_MISREAD), second.translate(_MISREAD)
    if read_first == read_second or read_first.replace("i", "l") == read_second.replace("i", "l"):
        return "close"
    return _by_letters(read_first, read_second, JaroWinkler.similarity(read_first, read_second))


def _of_known_names(first: str, second: str, likeness: float) -> str:
    """Two well-known names a letter apart are two people's (Daniel, Daniela; Jon, Joe), or one person's
    spellings that no table has (Marie, Maria), and seldom a slip of the pen.
    """
    if likeness < SIMILAR or min(len(first), len(second)) < 4:
        return "different"
    genders = {_GENDERS.get(first, ""), _GENDERS.get(second, "")}
    if genders >= {"m", "f"}:
        return "different"
    if genders not in _OF_ONE_GENDER and (first[-1] == "a") != (second[-1] == "a"):
        return "different"
    return "similar"


def _by_letters(first: str, second: str, likeness: float) -> str:
    """By Jaro and Winkler's likeness, which is high for a long beginning in common; hence the slips are
    counted too: 'montero' and 'montenegro' begin alike and are two names.
    """
    if likeness < _UNLIKE:
        return "different"
    shorter = min(len(first), len(second))
    slips = DamerauLevenshtein.distance(first, second, score_cutoff=2)
    if shorter > 3 and (slips <= 1 or (likeness >= CLOSE and (slips == 2 or _is_cut_short(first, second)))):
        return "close"
    alike = sounds_alike(first, second)
    if alike and (likeness >= 0.88 or (likeness >= 0.7 and alike > 3)) and shorter > 3:
        return "close"
    if likeness >= SIMILAR or alike > 1 or slips <= (1 if shorter < 6 else 2):
        return "similar"
    return "different"


def _is_cut_short(first: str, second: str) -> bool:
    return first.startswith(second) or second.startswith(first)


def _without_umlauts(name: str) -> str:
    for written, letter in _UMLAUTS:
        name = name.replace(written, letter)
    return name


def _across_scripts(first: str, second: str) -> str | None:
    """Names of which at least one is not in Latin letters."""
    if first.isascii() or second.isascii():
        native, latin = (second, first) if first.isascii() else (first, second)
        return compare_readings(native, latin)
    script = script_of(first)
    if script != script_of(second):
        return None
    if script in {"han", "hangul"}:
        return _by_characters(first, second, script)
    likeness = JaroWinkler.similarity(first, second)
    shorter = min(len(first), len(second))
    if shorter > 3 and (likeness >= CLOSE or DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1):
        return "close"
    return "similar" if likeness >= SIMILAR else "different"


# Characters of names as they are written in Taiwan, Hong Kong and Japan, and in mainland China.
_TRADITIONAL = str.maketrans(
    "張劉陳楊趙黃周吳孫馬羅鄭謝韓馮蕭鄧許呂蘇盧蔣賈葉閻鍾陸譚鄒顧龍萬錢湯喬賀賴龔溫偉華國強軍麗靜蘭鳳榮慶貴寶潔瑩瓊豔藝夢"
    "嘉傑凱健銘鋒鋼銀鐵釗鑫鑒長門開關陽陰雲電靈項順須頌領飛馮駿騰驍魯鳴鴻鶴麥齊歐蓮蘋藍薔衛裝襄見規覺觀計記設詩詠誌誠語課談"
    "諒諾謙講證識譯議護讓貝財責貞賓賜質贊趙車軒輝輪轉達遠運進連適遲選還邊鄉醫釋裡針鈞鈴鉅錄錦鍵鎮鏡閃閔問間閩闊隊階際隨險雙"
    "雞雜難韋頁預額顏願類顯風養餘駐驗體鬥魚鮮鳥麼黨齡齒條來東業樂樹機檔歡歲歸殺毀氣氫漢漸潤澤濟濤濱瀾為烏無燁營爾牆獅環現瑪畫"
    "發盡監盤確禮禎種稱穩筆築簡紅紀約純紗紐級紋細紹終組結絲經維綱網綠緒線編緣縣縱總績繼續纓纖聖聞聲聯聰職聽肅膽臨與興舉舊薈處號",
    "张刘陈杨赵黄周吴孙马罗郑谢韩冯萧邓许吕苏卢蒋贾叶阎钟陆谭邹顾龙万钱汤乔贺赖龚温伟华国强军丽静兰凤荣庆贵宝洁莹琼艳艺梦"
    "嘉杰凯健铭锋钢银铁钊鑫鉴长门开关阳阴云电灵项顺须颂领飞冯骏腾骁鲁鸣鸿鹤麦齐欧莲苹蓝蔷卫装襄见规觉观计记设诗咏志诚语课谈"
    "谅诺谦讲证识译议护让贝财责贞宾赐质赞赵车轩辉轮转达远运进连适迟选还边乡医释里针钧铃钜录锦键镇镜闪闵问间闽阔队阶际随险双"
    "鸡杂难韦页预额颜愿类显风养余驻验体斗鱼鲜鸟么党龄齿条来东业乐树机档欢岁归杀毁气氢汉渐润泽济涛滨澜为乌无烨营尔墙狮环现玛画"
    "发尽监盘确礼祯种称稳笔筑简红纪约纯纱纽级纹细绍终组结丝经维纲网绿绪线编缘县纵总绩继续缨纤圣闻声联聪职听肃胆临与兴举旧荟处号",
)


def _by_characters(first: str, second: str, script: str) -> str:
    """A character is a syllable: another one makes another name, unless it is one written in two ways."""
    if script == "hangul":
        return "different"
    if first.translate(_TRADITIONAL) == second.translate(_TRADITIONAL):
        return "close"
    return "similar" if reading_of(first) == reading_of(second) else "different"


_SOUNDS = (
    ("yj", "i"), ("ij", "i"), ("ej", "i"), ("aj", "i"),
    ("shch", "S"), ("schtsch", "S"), ("chtch", "S"), ("stsch", "S"), ("szcz", "S"), ("shtch", "S"),
    ("tsch", "S"), ("tch", "S"), ("sch", "S"), ("cz", "S"), ("ch", "S"), ("sh", "S"), ("sz", "S"),
    ("dzh", "J"), ("zh", "J"), ("dj", "J"), ("ph", "f"), ("kh", "k"), ("gh", "g"), ("ck", "k"), ("x", "ks"),
    ("ts", "s"), ("tz", "s"), ("dt", "t"), ("th", "t"), ("ce", "se"), ("ci", "si"), ("cy", "si"),
    ("ge", "Je"), ("gi", "Ji"), ("gy", "Ji"), ("ou", "u"),
    ("w", "f"), ("v", "f"), ("z", "s"), ("q", "k"), ("c", "k"),
    ("j", "J"),
)  # fmt: skip
_SILENT = str.maketrans("", "", "aeiouyh")


@lru_cache(maxsize=32768)
def sound_of(name: str) -> str:
    """The consonants of a Latin name as several languages spell them alike, with a mark for a vowel in
    front.
    """
    word = name.replace(" ", "")
    head = word[:1]
    if head in "yji" and word[1:2] in tuple("aeou"):
        word = "J" + word[1:]
        head = "J"
    for letters, sound in _SOUNDS:
        if letters in word:
            word = word.replace(letters, sound)
    kept = word[:1]
    for letter in word[1:]:
        if letter != kept[-1]:
            kept += letter
    return ("a" if head in tuple("aeiouy") else head if head == "h" else "") + kept.translate(_SILENT)


def sounds_alike(first: str, second: str) -> int:
    """How many sounds two names have in common where all of them are; else 0."""
    sound = sound_of(first)
    return len(sound) if len(sound) > 1 and sound == sound_of(second) else 0
