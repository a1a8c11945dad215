"""The deadline of a request: 15 working days on the Chinese calendar, make-up days included (R20). Pure.

Counted from the day after the request came (or, with pauses, without the working days of the pauses). Source:
the norm's 15 working days, as in GB/T 35273-2020, 8.7; the calendar is that of the State Council's notices.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from apps.core.calendar.workdays import Calendar
from apps.core.errors import BadInput

WORKING_DAYS = 15
REMIND_AT = (5, 2, 1)


class CalendarUnknown(BadInput):
    """A working day of a year whose calendar nobody knows is not guessed."""

    code = "calendar_unknown"
    sentence = _(
        "The calendar of %(year)s is not known: its working days cannot be counted. Enter the State "
        "Council's notice."
    )


@dataclass(frozen=True)
class Due:
    """The last day; provisional when every day had to be counted as a working day, which is sooner and so
    never too late."""

    day: date
    is_provisional: bool = False


def after_working_days(day: date, count: int, calendar: Calendar) -> date:
    """The `count`-th working day after `day`. Raises `CalendarUnknown`."""
    found = calendar.after_working_days(day, count)
    if found is None:
        raise CalendarUnknown(year=calendar.last_known_year + 1)
    return found


def due_after(day: date, calendar: Calendar, count: int = WORKING_DAYS) -> Due:
    """When a request that came on `day` is due."""
    try:
        return Due(after_working_days(day, count, calendar))
    except CalendarUnknown:
        return Due(day + timedelta(days=count), is_provisional=True)


def working_days_between(first: date, last: date, calendar: Calendar) -> int:
    """Working days after `first` up to and with `last`; negative the other way round. Raises
    `CalendarUnknown`."""
    if last < first:
        return -working_days_between(last, first, calendar)
    count, day = 0, first
    while day < last:
        day += timedelta(days=1)
        works = calendar.is_working_day(day)
        if works is None:
            raise CalendarUnknown(year=day.year)
        count += works
    return count


def resumed(due_on: date, paused_on: date, today: date, calendar: Calendar) -> Due:
    """The new last day after a pause: as many working days later as the pause had."""
    try:
        return Due(after_working_days(due_on, working_days_between(paused_on, today, calendar), calendar))
    except CalendarUnknown:
        return Due(due_on, is_provisional=True)


def days_left(today: date, due_on: date, calendar: Calendar) -> int:
    """Working days until the last day, 0 on it, negative after it; calendar days where the year is not
    known."""
    try:
        return working_days_between(today, due_on, calendar)
    except CalendarUnknown:
        return (due_on - today).days


NEARNESS = {"late": _("overdue"), "2": _("0 to 2 days"), "5": _("3 to 5 days"), "far": _("more than 5 days")}


def nearness(today: date, due_on: date, calendar: Calendar) -> str:
    """The code of `NEARNESS`. Late is late on a holiday too, when no working day has passed since."""
    left = days_left(today, due_on, calendar)
    return "late" if due_on < today else "2" if left <= 2 else "5" if left <= 5 else "far"


def reminder_due(left: int, reminded: int | None) -> int | None:
    """Which of the reminders (working days before the end) is to be sent now; None when none is, or it was
    sent."""
    reached = [mark for mark in REMIND_AT if left <= mark]
    if not reached or left < 0:
        return None
    mark = min(reached)
    return mark if reminded is None or mark < reminded else None
