"""How long what nobody needs any more is kept; without a number of days it is kept for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

LEAST_ANSWER_DAYS = 7
_LEAST_DAYS = {"answers": LEAST_ANSWER_DAYS, "changes": 30, "intakes": 1, "comments": 1, "runs": 1}
MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long each sort of thing is kept.

    `answers` of requests that may be sent again, which are promised for seven days; `changes` and their
    acknowledgements; `intakes`; `comments` of proposals that have ended, with their votes' and their
    decisions; and what cleanup `runs` that have ended found.
    """

    answers: timedelta = timedelta(days=LEAST_ANSWER_DAYS)
    changes: timedelta | None = None
    intakes: timedelta | None = None
    comments: timedelta | None = None
    runs: timedelta | None = None


AS_SHIPPED = Retention()


def parse_retention(text: str) -> Retention:
    """The retention of ``NAME=DAYS`` with spaces between; what is not named is as it is by default.

    Raises:
        ValueError: says what to write instead.
    """
    days: dict[str, timedelta] = {}
    for each in text.split():
        name, equals, number = each.partition("=")
        if not equals or name not in _LEAST_DAYS or name in days:
            raise ValueError(f"write NAME=DAYS with spaces between, each once: {', '.join(_LEAST_DAYS)}")
        least = _LEAST_DAYS[name]
        if not (number.isdecimal() and least <= int(number) <= MOST_DAYS):
            raise ValueError(f"write {least} to {MOST_DAYS} days for {name}; leave it out to keep them")
        days[name] = timedelta(days=int(number))
    return _of(days)


def _of(days: Mapping[str, timedelta]) -> Retention:
    return Retention(
        answers=days.get("answers", Retention().answers),
        changes=days.get("changes"),
        intakes=days.get("intakes"),
        comments=days.get("comments"),
        runs=days.get("runs"),
    )
