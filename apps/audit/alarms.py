"""Alarms of the trail (R10): what unusual use looks like, each as one rule with a threshold.

A rule belongs to the room whose tables it reads, which registers it in its `apps.py`. Thresholds are set by
compliance, two people (`policies` provides them); without a version the defaults here hold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise

from apps.core.ports import Port


@dataclass(frozen=True)
class Seen:
    """Whom or what a rule found: `subject` is an id of ours (`person:3`, `client:2`, `duty:back-up`), `count`
    what it was judged by."""

    subject: str
    count: int
    person_id: int | None = None
    client_id: int | None = None


@dataclass(frozen=True)
class AlarmRule:
    """`find(now, threshold)` gives what lies at or beyond the threshold now. `says` has places for `count`
    and `limit`; `asks` is what the threshold is called on the page of policies. Rules without `find` are
    raised where it happens (`services.raise_alarm`)."""

    code: str
    says: Promise
    asks: Promise
    default: int
    find: Callable[[datetime, int], Sequence[Seen]] | None = None
    most: int = 1_000_000


RULES: dict[str, AlarmRule] = {}


def register(*rules: AlarmRule) -> None:
    for rule in rules:
        RULES[rule.code] = rule


class Thresholds(Protocol):
    def in_force(self, at: datetime) -> Mapping[str, int]:
        """The thresholds that compliance has set, by code; those that are missing are the defaults."""


thresholds: Port[Thresholds] = Port("audit.thresholds")


def limit_of(code: str, at: datetime) -> int:
    return thresholds.provider.in_force(at).get(code, RULES[code].default)
