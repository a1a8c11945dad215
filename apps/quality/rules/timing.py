"""Due days and handling clocks of corrective actions and complaints. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from apps.core.calendar.workdays import Calendar

# Working days to correct a violation, by its gravity (R30).
TO_MEND = {"grave": 1, "serious": 3, "minor": 10}
# Working days to a first answer and to the end, by what a complaint is about (R31). Whoever is still called
# after an opt-out, or whose data is at stake, waits least; 15 working days are the most (R20).
TO_ANSWER = 2
TO_CLOSE = {"after_no": 3, "unwanted": 5, "privacy": 5, "false": 7, "manner": 7, "money": 10, "other": 15}
# What the norm's own case reached: complaints and handling time, percent against the base period (R31).
NORM_RATE, NORM_TIME = -45, -60


def working_days_after(day: date, count: int, calendar: Calendar) -> date:
    """The `count`-th working day after `day`. Where the calendar is not known every day counts: sooner is
    never too late."""
    return calendar.after_working_days(day, count) or day + timedelta(days=count)


def handled(events: Sequence[tuple[str, datetime]]) -> timedelta:
    """How long a complaint was worked on: from its opening to its closing, without the waits for the client.

    `events` are (kind, moment) in order; what is neither closed nor paused runs to the last moment.
    """
    total, since = timedelta(), None
    for kind, at in events:
        if since is not None and kind in {"paused", "closed", "now"}:
            total, since = total + (at - since), None
        elif since is None and kind in {"opened", "resumed", "reopened"}:
            since = at
    return total


@dataclass(frozen=True)
class Figures:
    """Complaints of a time: of so many connected calls, handled in so many hours on average (None: none is
    closed)."""

    calls: int
    complaints: int
    hours: float | None

    @property
    def rate(self) -> Fraction | None:
        """Complaints of 10,000 connected calls."""
        return Fraction(self.complaints * 10_000, self.calls) if self.calls else None


def change(before: float | Fraction | None, after: float | Fraction | None) -> float | None:
    """Percent from `before` to `after`; None where there is nothing to compare."""
    return None if after is None or not before else float(100 * (after - before) / before)
