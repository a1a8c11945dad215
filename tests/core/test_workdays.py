"""The State Council's calendar: rest days, adjusted rest days, make-up working days, the unknown."""

from datetime import date

import pytest

from apps.core.calendar.workdays import Calendar


@pytest.mark.parametrize(
    ("day", "is_holiday"),
    [
        (date(2026, 1, 1), True),
        (date(2026, 2, 17), True),  # Spring Festival
        (date(2026, 10, 1), True),
        (date(2026, 10, 10), False),  # make-up working Saturday
        (date(2026, 11, 24), False),
        (date(2026, 11, 28), False),  # an ordinary Saturday is no statutory holiday
    ],
)
def test_days(day: date, is_holiday: bool) -> None:
    assert bool(Calendar().statutory_holiday(day)) is is_holiday


def test_an_unknown_year_is_not_guessed() -> None:
    assert Calendar().statutory_holiday(date(Calendar().last_known_year + 1, 1, 5)) is None


def test_the_day_after_a_holiday() -> None:
    assert Calendar().next_ordinary_day(date(2026, 10, 1)) == date(2026, 10, 8)
    assert Calendar().next_ordinary_day(date(Calendar().last_known_year, 12, 31)) is None


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 24), True),
        (date(2026, 11, 28), False),  # an ordinary Saturday
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),  # a Saturday that makes up for the holiday
        (date(2026, 9, 20), True),
    ],
)
def test_offices_work_on_make_up_days_and_not_on_holidays(day: date, works: bool) -> None:
    assert Calendar().is_working_day(day) is works


def test_an_entered_year_counts_with_its_own_make_up_days() -> None:
    entered = Calendar({2027: {date(2027, 1, 1): "元旦"}}, frozenset({date(2027, 1, 3)}))
    days = [entered.is_working_day(date(2027, 1, day)) for day in (1, 2, 3, 4)]
    assert days == [False, False, True, True]


def test_working_days_are_counted_over_holidays_and_never_into_an_unknown_year() -> None:
    assert Calendar().after_working_days(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert Calendar().after_working_days(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert Calendar().after_working_days(date(2026, 11, 24), 0) == date(2026, 11, 24)
    assert Calendar().after_working_days(date(Calendar().last_known_year, 12, 31), 1) is None
