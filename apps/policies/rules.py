"""A year's calendar from the words of the State Council's notice. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from apps.core.errors import BadInput

# The statutory holidays of 全国年节及纪念日放假办法 (State Council, Order 795 of 2024) and how many days each
# has at least: a calendar with fewer is not whole. Two may share days, as 中秋节 and 国庆节 do in some years.
STATUTORY = {"元旦": 1, "春节": 4, "清明节": 1, "劳动节": 2, "端午节": 1, "中秋节": 1, "国庆节": 3}
MOST_IN_A_DAY = 2
LONGEST = timedelta(days=15)
_LINE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\s*(?:\.\.|~|至|到)\s*([0-9]{4}-[0-9]{2}-[0-9]{2}))?\s+(\S+)"
)


@dataclass(frozen=True)
class YearOfNotice:
    holidays: dict[str, str]  # ISO day: name
    working_days: list[str]


def read_year(year: int, holidays: str, working_days: str) -> YearOfNotice:
    """`2027-10-01 至 2027-10-07 国庆节` a line, and the make-up working days, one a line.

    The notice of a year may name days of the December before it: New Year's holiday may begin there.
    Raises `BadInput` that names the line. Every statutory holiday has to be there; a make-up day
    falls on a weekend and on no holiday.
    """
    named: dict[date, str] = {}
    for number, line in _lines(holidays):
        found = _LINE.fullmatch(line)
        if found is None:
            raise BadInput(
                _('Holidays, line %(number)s: write it as "2027-10-01 至 2027-10-07 国庆节".'), number=number
            )
        first = _day(found[1], year, number)
        last = _day(found[2], year, number) if found[2] else first
        if not first <= last <= first + LONGEST:
            raise BadInput(
                _(
                    "Holidays, line %(number)s: the last day lies before the first, or more than 15 days "
                    "after it."
                ),
                number=number,
            )
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            if day in named:
                raise BadInput(
                    _("Holidays, line %(number)s: %(day)s is there twice."),
                    number=number,
                    day=day.isoformat(),
                )
            named[day] = found[3]
    for name, least in STATUTORY.items():
        days = sum(name.removesuffix("节") in given for given in named.values())
        if not days:
            raise BadInput(_("%(name)s is missing: a calendar has all seven statutory holidays."), name=name)
        if days < least:
            raise BadInput(
                _("%(name)s has at least %(least)s days by law; %(days)s are given."),
                name=name, least=least, days=days,
            )  # fmt: skip
    for day, given in named.items():
        if sum(name.removesuffix("节") in given for name in STATUTORY) > MOST_IN_A_DAY:
            raise BadInput(
                _("%(day)s is named as more than two holidays. Give each its own days."), day=day.isoformat()
            )
    made_up = []
    for number, line in _lines(working_days):
        day = _day(line, year, number)
        if day.weekday() < 5 or day in named:
            raise BadInput(
                _("Make-up days, line %(number)s: a make-up day is a Saturday or Sunday and no holiday."),
                number=number,
            )
        made_up.append(day.isoformat())
    return YearOfNotice({day.isoformat(): name for day, name in sorted(named.items())}, sorted(made_up))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip())


def _day(text: str, year: int, number: int) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(_("Line %(number)s: this is no day. Write it as 2027-10-01."), number=number) from None
    if day.year != year and (day.year, day.month) != (year - 1, 12):
        raise BadInput(
            _("Line %(number)s: the day is neither in %(year)s nor in the December before it."),
            number=number,
            year=year,
        )
    return day
