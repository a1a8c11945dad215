"""Facts as they would be under other terms: for the simulator. Pure."""

from dataclasses import dataclass, replace
from datetime import time
from typing import Any

from apps.core.calendar.workdays import Calendar

from .facts import Facts


@dataclass(frozen=True)
class Supposed:
    """What is supposed to be otherwise; None leaves it as it was.

    `window_*` and `calls_per_week` of a campaign are its own, inside the policy's; an approved exception
    stands as it was. How often a number was called is taken as it really happened.
    """

    policy_window: tuple[time, time] | None = None
    calls_per_day: int | None = None
    calls_per_week: int | None = None
    calendar: Calendar | None = None
    trade: str | None = None
    may_market: bool = True
    highest_risk: str = "R3"
    needs_qualification: bool = False
    campaign_window: tuple[time, time] | None = None
    campaign_calls_per_week: int | None = None


@dataclass(frozen=True)
class Own:
    """A campaign's own terms."""

    window_start: time | None
    window_end: time | None
    calls_per_week: int | None
    has_qualification: bool


def under(facts: Facts, supposed: Supposed, own: Own) -> Facts:
    """The facts of one past call as they would have been."""
    changes: dict[str, Any] = {}
    if facts.hours_exception is None and supposed.policy_window:
        start, end = supposed.policy_window
        changes |= {
            "window_start": max(start, own.window_start or start),
            "window_end": min(end, own.window_end or end),
        }
    if facts.hours_exception is None and supposed.campaign_window:
        start, end = supposed.campaign_window
        changes |= {"window_start": max(facts.window_start, start), "window_end": min(facts.window_end, end)}
    if facts.caps_exception is None and supposed.calls_per_week is not None:
        changes |= {
            "calls_per_week": min(supposed.calls_per_week, own.calls_per_week or supposed.calls_per_week)
        }
    if facts.caps_exception is None and supposed.calls_per_day is not None:
        changes |= {"calls_per_day": supposed.calls_per_day}
    if facts.caps_exception is None and supposed.campaign_calls_per_week is not None:
        changes |= {"calls_per_week": min(facts.calls_per_week, supposed.campaign_calls_per_week)}
    if supposed.calendar:
        holidays = tuple(supposed.calendar.statutory_holiday(day) for day in facts.days)
        over = supposed.calendar.next_ordinary_day(max(facts.days)) if any(holidays) else None
        changes |= {"holidays": holidays, "holiday_over": over}
    if supposed.trade == facts.trade:
        changes |= {
            "trade_may_market": supposed.may_market,
            "highest_risk": supposed.highest_risk,
            "permit_missing": supposed.needs_qualification and not own.has_qualification,
        }
    return replace(facts, **changes)
