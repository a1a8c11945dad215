"""The statutory holidays of the State Council's calendar (R12).

`chinesecalendar` knows 2004-2026. A later year becomes known when its notice is entered
(`policies.CalendarYear`), which counts before the library. A year that neither knows is never
guessed: the caller gets `None` and refuses. Adjusted rest days are holidays, make-up working days
are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar


@lru_cache(maxsize=1024)
def _by_library(day: date) -> str | None:
    try:
        on_holiday, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    return name or "" if on_holiday else ""


def _works_by_library(day: date) -> bool | None:
    try:
        works: bool = chinese_calendar.is_workday(day)
    except NotImplementedError:
        return None
    return works


def _last_year_of_library() -> int:
    last: int = max(day.year for day in chinese_calendar.constants.holidays)
    return last


@dataclass(frozen=True)
class Calendar:
    """The library's years, and those entered by compliance: `{2027: {date: name of the holiday}}`.

    `make_up` holds the working weekend days of the entered years. The notice of a year may name days of the
    December before it; for those it counts before that year's own calendar.

    Source: notices of the General Office of the State Council.
    """

    entered: Mapping[int, Mapping[date, str]] = field(default_factory=dict)
    make_up: frozenset[date] = frozenset()

    def statutory_holiday(self, day: date) -> str | None:
        """The name of the statutory holiday on `day`, "" for an ordinary day or weekend, None when
        the calendar of that year is not known."""
        if (named := self._by_next_notice(day)) is not None:
            return named
        if (year := self.entered.get(day.year)) is not None:
            return year.get(day, "")
        return _by_library(day)

    def _by_next_notice(self, day: date) -> str | None:
        """What the notice of the year after says of a day in December; None when it says nothing of it."""
        if day.month < 12:
            return None
        if name := self.entered.get(day.year + 1, {}).get(day):
            return name
        return (
            ""
            if day in self.make_up and day.year + 1 in self.entered and day.year not in self.entered
            else None
        )

    def next_ordinary_day(self, day: date) -> date | None:
        """The first day after `day` that is no statutory holiday; None when it is not known."""
        while True:
            day += timedelta(days=1)
            holiday = self.statutory_holiday(day)
            if not holiday:
                return None if holiday is None else day

    def is_working_day(self, day: date) -> bool | None:
        """Whether offices work on `day`, make-up days included; None when the year is not known."""
        if (named := self._by_next_notice(day)) is not None:
            return not named
        if (year := self.entered.get(day.year)) is not None:
            return day not in year and (day.weekday() < 5 or day in self.make_up)
        return _works_by_library(day)

    def after_working_days(self, day: date, count: int) -> date | None:
        """The `count`-th working day after `day`; None when it lies in a year that is not known."""
        while count > 0:
            day += timedelta(days=1)
            works = self.is_working_day(day)
            if works is None:
                return None
            count -= works
        return day

    @property
    def last_known_year(self) -> int:
        """The last of the years known without a gap."""
        year = _last_year_of_library()
        while year + 1 in self.entered:
            year += 1
        return year

    def days_until_unknown(self, today: date) -> int:
        """Days from `today` to the first day whose year is not known; 0 when today's is not."""
        if self.statutory_holiday(today) is None:
            return 0
        return (date(max(self.last_known_year, today.year) + 1, 1, 1) - today).days
