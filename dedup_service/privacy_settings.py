"""What an operator can set about how long things are kept, what is published of the audit, and the log."""

from datetime import timedelta

from dedup_service.domain.retention import parse_retention
from dedup_service.setting_values import NONE, Setting

LOG_FORMATS = ("json", "text")
_MOST_MINUTES = 1440


def _minutes_or_none(text: str) -> timedelta | None:
    if text == NONE:
        return None
    if not (text.isdecimal() and 1 <= int(text) <= _MOST_MINUTES):
        raise ValueError(f"write 1 to {_MOST_MINUTES} minutes, or {NONE}")
    return timedelta(minutes=int(text))


def _log_format(text: str) -> str:
    if text and text not in LOG_FORMATS:
        raise ValueError(f"write one of {', '.join(LOG_FORMATS)}")
    return text


PRIVACY_SETTINGS = (
    Setting(
        "DEDUP_KEEP_DAYS",
        "answers=7",
        "For how many days things are kept, as `NAME=DAYS` with a space between two: `answers` (7 or more), "
        "`changes` (30 or more), `intakes`, `comments` of proposals that ended, what cleanup `runs` found; "
        "what is not named is kept for good.",
        parse_retention,
    ),
    Setting(
        "DEDUP_AUDIT_HEAD_MINUTES",
        "60",
        "How often the head of the audit chain is published, as a change and in the log; `none` for never.",
        _minutes_or_none,
    ),
    Setting(
        "DEDUP_LOG_FORMAT",
        "",
        "Lines of the log: `json` or `text`; when empty text on a terminal and JSON elsewhere.",
        _log_format,
    ),
)
