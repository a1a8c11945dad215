"""A year's calendar, read from the lines that somebody typed from the notice."""

from datetime import date
from typing import Any

import pytest
from django.utils.translation import override

from apps.core.calendar.workdays import Calendar
from apps.core.errors import BadInput
from apps.policies.models import CalendarYear
from apps.policies.rules import read_year
from tests.world import World

HOLIDAYS = """
2027-01-01 至 2027-01-03 元旦
2027-02-05..2027-02-11 春节
2027-04-05 清明节
2027-05-01~2027-05-05 劳动节
2027-06-09 端午节
2027-09-15 中秋节
2027-10-01 到 2027-10-07 国庆节
"""


def test_periods_become_days() -> None:
    read = read_year(2027, HOLIDAYS, "2027-02-20\n2027-10-09")
    assert read.holidays["2027-01-02"] == "元旦"
    assert read.holidays["2027-10-07"] == "国庆节"
    assert len(read.holidays) == 3 + 7 + 1 + 5 + 1 + 1 + 7
    assert read.working_days == ["2027-02-20", "2027-10-09"]


@pytest.mark.parametrize(
    ("holidays", "working", "says"),
    [
        (HOLIDAYS.replace("2027-04-05 清明节", ""), "", "清明节 is missing"),
        (
            HOLIDAYS.replace("2027-10-01 到 2027-10-07", "2027-10-01"),
            "",
            "国庆节 has at least 3 days by law; 1",
        ),
        (HOLIDAYS.replace("15 中秋节", "15 中秋节端午节清明节"), "", "more than two holidays"),
        (HOLIDAYS + "\n2027-10-07 国庆节", "", "line 10: 2027-10-07 is there twice"),
        (HOLIDAYS + "\n2028-01-01 元旦", "", "Line 10: the day is neither in 2027"),
        (HOLIDAYS + "\n元旦", "", "line 10: write it as"),
        (HOLIDAYS + "\n2027-12-05 至 2027-12-01 元旦", "", "line 10: the last day lies before"),
        (HOLIDAYS + "\n2027-11-01 至 2027-11-20 元旦", "", "more than 15 days"),
        (HOLIDAYS, "2027-02-30", "this is no day"),
        (HOLIDAYS, "2027-02-22", "Make-up days, line 1"),  # a Monday
        (HOLIDAYS, "2027-10-02", "Make-up days, line 1"),  # a Saturday, but a holiday
    ],
)
def test_what_is_wrong_is_said_with_its_line(holidays: str, working: str, says: str) -> None:
    with override("en"), pytest.raises(BadInput) as error:
        read_year(2027, holidays, working)
    with override("en"):
        assert says in str(error.value)


def test_an_entered_year_counts_before_the_library() -> None:
    entered = Calendar({2026: {date(2026, 11, 24): "特别放假"}, 2027: {date(2027, 1, 1): "元旦"}})
    assert entered.statutory_holiday(date(2026, 11, 24)) == "特别放假"
    assert entered.statutory_holiday(date(2026, 10, 1)) == ""
    assert entered.last_known_year == 2027
    assert entered.next_ordinary_day(date(2026, 12, 31)) == date(2027, 1, 2)


def test_days_until_a_year_that_is_not_known() -> None:
    assert Calendar().days_until_unknown(date(2026, 12, 31)) == 1
    assert Calendar().days_until_unknown(date(2026, 11, 2)) == 60
    assert Calendar().days_until_unknown(date(2027, 3, 1)) == 0
    assert Calendar({2027: {}}).days_until_unknown(date(2026, 12, 31)) == 366


# A notice may name days of the December before it (holiday-cn, pull request 98).
BEFORE = HOLIDAYS.replace("2027-01-01 至 2027-01-03", "2026-12-31 至 2027-01-03")


def test_a_notice_may_begin_in_the_december_before() -> None:
    read = read_year(2027, BEFORE, "2026-12-27\n2027-10-09")
    holidays = {date.fromisoformat(day): name for day, name in read.holidays.items()}
    known = Calendar({2027: holidays}, frozenset(map(date.fromisoformat, read.working_days)))
    assert known.statutory_holiday(date(2026, 12, 31)) == "元旦"
    assert known.statutory_holiday(date(2026, 12, 30)) == ""
    assert known.is_working_day(date(2026, 12, 31)) is False
    assert known.is_working_day(date(2026, 12, 27)) is True, "a Sunday that is made up"
    assert known.is_working_day(date(2026, 12, 26)) is False
    assert known.after_working_days(date(2026, 12, 26), 1) == date(2026, 12, 27)
    with override("en"), pytest.raises(BadInput, match="nor in the December before"):
        read_year(2027, HOLIDAYS.replace("2027-01-01 至", "2026-11-30 至"), "")


def test_marketing_is_refused_on_a_december_day_that_the_next_notice_names(world: World, clock: Any) -> None:
    read = read_year(2027, BEFORE, "2026-12-27")
    CalendarYear.objects.create(
        number=1,
        year=2027,
        holidays=read.holidays,
        working_days=read.working_days,
        notice="国办发明电",
        in_force_from=world.at("09:00"),
    )
    clock.move_to(world.at("10:00", date(2026, 12, 31)))
    world.consent(world.contact)
    assert "holiday" in world.authorize(reserve=False).codes
    clock.move_to(world.at("10:00", date(2026, 12, 30)))
    assert "holiday" not in world.authorize(reserve=False).codes
