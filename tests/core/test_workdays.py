"""The State Council's calendar: rest days, adjusted rest days, make-up working days, the unknown."""

from datetime import date

import pytest

from apps.core.workdays import Calendar


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
