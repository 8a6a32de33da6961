"""Working days, in which voting periods are counted (domain 7.2, 7.5)."""

from datetime import datetime, timedelta

from dedup_service.domain.policy import Periods


def after_working_days(start: datetime, days: int, periods: Periods) -> datetime:
    """The moment so many working days after `start` (aware UTC), at the same time of day.

    A start on a day off counts from the beginning of the next working day.
    """
    moment = start
    if not _works(moment, periods):
        moment = _next_working_day(moment, periods).replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(days):
        moment = _next_working_day(moment, periods)
    return moment


def _works(moment: datetime, periods: Periods) -> bool:
    return moment.weekday() not in periods.weekend and moment.date() not in periods.holidays


def _next_working_day(moment: datetime, periods: Periods) -> datetime:
    moment += timedelta(days=1)
    while not _works(moment, periods):
        moment += timedelta(days=1)
    return moment
