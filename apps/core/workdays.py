"""The statutory holidays of the State Council's calendar (R12).

`chinesecalendar` knows 2004-2026. A year that it does not know is never guessed: the caller
gets `None` and refuses. Adjusted rest days are holidays, make-up working days are not.
"""

from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar


@lru_cache(maxsize=1024)
def statutory_holiday(day: date) -> str | None:
    """The name of the statutory holiday on `day`, "" for an ordinary day or weekend, None when
    the calendar of that year is not known. Source: 国务院办公厅 notices by chinesecalendar."""
    try:
        on_holiday, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    return name or "" if on_holiday else ""


def next_ordinary_day(day: date) -> date | None:
    """The first day after `day` that is no statutory holiday; None when it is not known."""
    while True:
        day += timedelta(days=1)
        holiday = statutory_holiday(day)
        if not holiday:
            return None if holiday is None else day


def last_known_year() -> int:
    """The last year whose calendar is known."""
    last: int = max(day.year for day in chinese_calendar.constants.holidays)
    return last
