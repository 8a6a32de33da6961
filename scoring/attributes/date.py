"""Dates of birth, as YYYY-MM-DD, YYYY-MM or YYYY.

A year-first date whose month or day cannot be is kept as it is written (1862-21-09): what a slip made of it
is nearer to the true date than a guess at what was meant.
"""

import re
import unicodedata

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import normalise

_YEAR_FIRST = re.compile(r"(\d{4})(?:(\d\d)(\d\d)|[-/. ](\d{1,2})[-/. ](\d{1,2}))$")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})$")
_PARTIAL = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?$")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})$")
_LOST_DIGIT = re.compile(r"(\d{4})(\d\d)?[\d ]{2,4}$")
_SPACED = re.compile(r"(?:\d ?){8}$")
_DAY_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er)? ?(?:de |of )?([a-z]{3,10})(?: de)? ?(\d{4}|\d{2})$")
_MONTH_NAMED = re.compile(r"([a-z]{3,10}) ?(\d{1,2})(?:st|nd|rd|th)? (\d{4}|\d{2})$")
# The Japanese eras, and that of Taiwan, by the year before their first; written out or by their letter.
_ERAS = {
    **dict.fromkeys(("明治", "m"), 1867), **dict.fromkeys(("大正", "t"), 1911),
    **dict.fromkeys(("昭和", "s"), 1925), **dict.fromkeys(("平成", "h"), 1988),
    **dict.fromkeys(("令和", "r"), 2018), **dict.fromkeys(("民國", "民国"), 1911),
}  # fmt: skip
_OF_ERA = re.compile(rf"({'|'.join(_ERAS)})\.? ?(\d{{1,3}}|元)[-/. ]")
_EAST_ASIAN = str.maketrans(dict.fromkeys("年月년월", "-") | dict.fromkeys("日일"))
_TIME = re.compile(r"[t ]\d{1,2}:.*$")
_NAMES = (
    *("jan ene gen sty", "feb fev lut", "mar maa mrt mae", "apr abr avr kwi", "may mai mag mei maj"),
    *("jun juin giu cze", "jul juil lug lip", "aug aou ago sie", "sep set wrz", "oct okt out ott paz"),
    *("nov lis", "dec dez dic des gru"),
)
_MONTHS = {name: at for at, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH_FIRST_COUNTRIES = frozenset(("us", "ph"))
# What systems write for a date that nobody gave: the zero of their clocks, and the ends of their calendars.
_FILLERS = frozenset(
    ("1900-01-01", "1970-01-01", "1899-12-30", "1899-12-31", "1753-01-01", "1800-01-01", "1900-01-00")
)


def normalise_date(text: str, country: str = "") -> str:
    """ISO form of a date; empty for what is none or stands for none (1900-01-01). 03/04/1990 is read month
    first in the United States and the Philippines alone.
    """
    text = _TIME.sub("", text.strip()[:40].casefold().removesuffix(".0"))
    if not text.isascii() or text[:1] in _ERAS:
        text = _from_east_asia(text)
    date = _read_digits(text, country) if text[:1].isdigit() else ""
    if not date:
        date = _read_words(text)
    return "" if date in _FILLERS else date


def compare_birth_date(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both were born on the same day. 1 January is what systems write for an unknown day."""
    first, second = left.birth_date, right.birth_date
    if not first or not second:
        return None
    if first == second and len(first) == 10:
        return _JANUARY if first.endswith("-01-01") else Finding("exact", _EXACT, first)
    if len(first) < 10 or len(second) < 10 or (first[5:] == "01-01" == second[5:]):
        shorter = min(len(first), len(second)) if len(first) < 10 or len(second) < 10 else 4
        return _YEAR if first[:shorter] == second[:shorter] else _compare_years(first, second)
    return _compare_days(first, second)


_EXACT = "born on the same day"
_SWAPPED = Finding("swapped", "same date of birth with day and month swapped")
_CLOSE = Finding(
    "close", "dates of birth differ by a slip: one digit, two neighbours, or one day, month or year"
)
_JANUARY = Finding("weak", "same date of birth, but 1 January often stands for an unknown day")
_YEAR = Finding("year", "born in the same year, the day is not known of both")
_YEAR_ALONE = Finding("same_year", "born in the same year on different days")
_NEAR = Finding("near", "same day and month of birth, as written or swapped, in different years")
_OTHER = Finding("other", "different dates of birth, too near one another for parent and child")
_DIFFERENT = Finding("different", "dates of birth a generation apart")
_GENERATION_YEARS = 14


def _compare_days(first: str, second: str) -> Finding:
    """Two full dates that are not the same."""
    if first[:4] == second[:4]:
        if first[5:7] == second[8:] and first[8:] == second[5:7]:
            return _SWAPPED
        if first[5:] == "01-01" or second[5:] == "01-01":
            return _YEAR
        return _CLOSE if _is_slip(first, second) or _is_next(first, second) else _YEAR_ALONE
    if first[5:] == second[5:]:
        return _CLOSE if _is_year_slip(int(first[:4]), int(second[:4])) or _is_slip(first, second) else _NEAR
    if _is_slip(first, second):
        return _CLOSE
    is_swapped = first[5:7] == second[8:] and first[8:] == second[5:7]
    return (
        _NEAR
        if is_swapped and _is_year_slip(int(first[:4]), int(second[:4]))
        else _compare_years(first, second)
    )


def _compare_years(first: str, second: str) -> Finding:
    return _OTHER if abs(int(first[:4]) - int(second[:4])) < _GENERATION_YEARS else _DIFFERENT


def _is_slip(first: str, second: str) -> bool:
    """Whether one digit differs, or two neighbours changed places, the dashes left out."""
    if first[:4] != second[:4] and first[5:7] != second[5:7] and first[8:] != second[8:]:
        return False
    apart = [at for at in range(10) if first[at] != second[at]]
    if len(apart) == 1:
        return True
    if len(apart) != 2:
        return False
    one, other = apart
    if other - one > (2 if first[one + 1] == "-" else 1):
        return False
    return first[one] == second[other] and first[other] == second[one]


def _is_next(first: str, second: str) -> bool:
    """Whether two dates of one year are a day or a month apart: 09-30 and 10-30, 05-09 and 05-10."""
    months, days = int(first[5:7]) - int(second[5:7]), int(first[8:]) - int(second[8:])
    return abs(months) + abs(days) == 1


def _is_year_slip(first: int, second: int) -> bool:
    """Whether years are one or ten apart, or of two centuries: 1999 and 2000, 1919 and 2019."""
    return abs(first - second) in _YEAR_SLIPS


_YEAR_SLIPS = frozenset((1, 10, 100))


def _read_digits(text: str, country: str) -> str:  # noqa: PLR0911 -- one return a way of writing
    if found := _YEAR_FIRST.match(text):
        year, *rest = (int(part) for part in found.groups() if part)
        return _as_written(year, *rest)
    if found := _YEAR_LAST.match(text):
        day, month, year = (int(part) for part in found.groups())
        if (country in _MONTH_FIRST_COUNTRIES or month > 12) and day <= 12:
            day, month = month, day
        return _iso(_century(year), month, day)
    if found := _PARTIAL.match(text):
        return _partial(int(found[1]), int(found[2] or 0))
    if found := _MONTH_YEAR.match(text):
        return _partial(int(found[2]), int(found[1]))
    if text[4:5] != " " and _SPACED.match(text) and len(text) == 9:
        return _read_digits(text.replace(" ", ""), country)
    if len(text) == 8 and (found := _LOST_DIGIT.match(text)):
        return _partial(int(found[1]), int(found[2] or 0))
    return ""


def _from_east_asia(text: str) -> str:
    """'平成3年1月30日', '1991年1月30日' and 'H3.1.30' as '1991-1-30'; other text as it is."""
    text = unicodedata.normalize("NFKC", text)[:40].translate(_EAST_ASIAN).replace("- ", "-")
    if found := _OF_ERA.match(text):
        year = 1 if found[2] == "元" else int(found[2])
        text = f"{_ERAS[found[1]] + year}-{text[found.end() :]}"
    return text.rstrip("-")


def _read_words(text: str) -> str:
    """'14-Sep-1993', '14. September 93', 'Sept 14, 1993', in the months' names of several languages."""
    text = normalise(text)
    if found := _DAY_NAMED.match(text):
        day, name, year = found.groups()
    elif found := _MONTH_NAMED.match(text):
        name, day, year = found.groups()
    else:
        return ""
    month = _MONTHS.get(name[:4]) or _MONTHS.get(name[:3], 0)
    return _iso(_century(int(year)), month, int(day))


def _as_written(year: int, month: int, day: int) -> str:
    if not month or not day or month == day == 99:
        return _partial(year, month)
    return f"{year:04d}-{month:02d}-{day:02d}" if _is_plausible(year) else ""


def _iso(year: int, month: int, day: int) -> str:
    if month > 12 and day <= 12:
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return _partial(year, 0)
    return f"{year:04d}-{month:02d}-{day:02d}" if _is_plausible(year) else ""


def _partial(year: int, month: int) -> str:
    if not _is_plausible(year):
        return ""
    return f"{year:04d}-{month:02d}" if 1 <= month <= 12 else f"{year:04d}"


def _is_plausible(year: int) -> bool:
    # 1900-01-01 and the years before are real in archives; beyond these bounds a date is a slip or a filler.
    return 1600 <= year <= 2100


def _century(year: int) -> int:
    if year >= 100:
        return year
    return 2000 + year if year <= 25 else 1900 + year
