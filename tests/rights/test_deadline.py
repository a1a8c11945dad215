"""15 working days against the State Council's calendars of 2023-2026, written down here from the notices
themselves.

Sources: notices of the General Office of the State Council on the arrangement of holidays:
国办发明电〔2022〕16号, 〔2023〕7号, 〔2024〕12号, 〔2025〕7号. Each holiday with its first and last day; the
weekend days that are worked instead.
"""

from datetime import date, timedelta

import pytest

from apps.core.calendar.workdays import Calendar
from apps.rights import rules

OFF = [
    ("2022-12-31", "2023-01-02"), ("2023-01-21", "2023-01-27"), ("2023-04-05", "2023-04-05"),
    ("2023-04-29", "2023-05-03"),
    ("2023-06-22", "2023-06-24"), ("2023-09-29", "2023-10-06"),
    ("2023-12-30", "2024-01-01"), ("2024-02-10", "2024-02-17"), ("2024-04-04", "2024-04-06"),
    ("2024-05-01", "2024-05-05"),
    ("2024-06-08", "2024-06-10"), ("2024-09-15", "2024-09-17"), ("2024-10-01", "2024-10-07"),
    ("2025-01-01", "2025-01-01"), ("2025-01-28", "2025-02-04"), ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"), ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"), ("2026-02-15", "2026-02-23"), ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"), ("2026-09-25", "2026-09-27"), ("2026-10-01", "2026-10-07"),
]  # fmt: skip
WORKED = {
    *("2023-01-28", "2023-01-29", "2023-04-23", "2023-05-06", "2023-06-25", "2023-10-07", "2023-10-08"),
    *(
        "2024-02-04",
        "2024-02-18",
        "2024-04-07",
        "2024-04-28",
        "2024-05-11",
        "2024-09-14",
        "2024-09-29",
        "2024-10-12",
    ),
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
}
CALENDAR = Calendar()


def works(day: date) -> bool:
    """By the notices alone."""
    text = day.isoformat()
    if text in WORKED:
        return True
    return day.weekday() < 5 and not any(first <= text <= last for first, last in OFF)


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_every_day_of_the_year_is_as_the_notice_has_it(year: int) -> None:
    days = every_day(date(year, 1, 1), date(year, 12, 31))
    assert [day for day in days if CALENDAR.is_working_day(day) is not works(day)] == []


def test_the_fifteenth_working_day_after_every_day_of_four_years() -> None:
    """Year ends and Spring Festivals included."""
    for day in every_day(date(2023, 1, 1), date(2026, 12, 1)):
        counted, last = 0, day
        while counted < 15:
            last += timedelta(days=1)
            counted += works(last)
        if last.year == 2027:
            break
        due = rules.due_after(day, CALENDAR)
        assert (due.day, due.is_provisional) == (last, False)
        assert rules.working_days_between(day, last, CALENDAR) == 15


@pytest.mark.parametrize(
    ("came", "due"),
    [
        ("2023-01-20", "2023-02-15"),  # the day before Spring Festival, with both make-up days
        ("2023-12-29", "2024-01-22"),  # over the year's end
        ("2024-12-31", "2025-01-22"),
        ("2025-09-30", "2025-10-28"),
        ("2025-12-31", "2026-01-22"),  # 4 January 2026 is worked
        ("2026-11-24", "2026-12-15"),
    ],
)
def test_days_counted_by_hand(came: str, due: str) -> None:
    assert rules.due_after(date.fromisoformat(came), CALENDAR) == rules.Due(date.fromisoformat(due))


def test_an_unknown_year_is_refused_and_never_guessed() -> None:
    with pytest.raises(rules.CalendarUnknown, match="2027"):
        rules.after_working_days(date(2026, 12, 20), 15, CALENDAR)
    with pytest.raises(rules.CalendarUnknown):
        rules.working_days_between(date(2026, 12, 31), date(2027, 1, 4), CALENDAR)


def test_over_an_unknown_year_every_day_counts_which_is_sooner() -> None:
    assert rules.due_after(date(2026, 12, 20), CALENDAR) == rules.Due(date(2027, 1, 4), is_provisional=True)
    known = Calendar({2027: {date(2027, 1, 1): "元旦"}})
    later = rules.due_after(date(2026, 12, 20), known)
    assert later == rules.Due(date(2027, 1, 11))


def test_a_pause_moves_the_day_by_its_working_days() -> None:
    due = date(2026, 10, 23)
    # one working day paused
    assert rules.resumed(due, date(2026, 9, 30), date(2026, 10, 8), CALENDAR).day == date(2026, 10, 26)
    assert rules.resumed(due, date(2026, 10, 9), date(2026, 10, 9), CALENDAR).day == due


@pytest.mark.parametrize(
    ("left", "reminded", "mark"),
    [
        (6, None, None),
        (5, None, 5),
        (4, 5, None),
        (2, 5, 2),
        (2, None, 2),
        (1, 2, 1),
        (0, 1, None),
        (0, None, 1),
        (-1, None, None),
        (1, 1, None),
    ],
)  # fmt: skip
def test_reminders_come_once_each_at_five_two_and_one(
    left: int, reminded: int | None, mark: int | None
) -> None:
    assert rules.reminder_due(left, reminded) == mark
