"""What the rules judge. No personal data: a fact says whether, when and how often, never who."""

from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext_lazy as _
from pydantic_core import to_json

from apps.core.errors import HeguiError


class OldFacts(HeguiError):
    """The decision is older than a fact that today's rules ask for."""

    code = "old_facts"
    sentence = _(
        "This decision is older than today's rules; it keeps its verdict and cannot be judged again."
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known about one call at one moment. All datetimes are aware.

    `local_times` holds the moment in each zone that the client may be in; empty when unknown.
    `holidays` holds for each of them the name of the statutory holiday, "" or None (unknown
    year); `holiday_over` is the first day after them that is none, when its calendar is known.
    Counts are over all campaigns together; `calls_of_week` are the moments of the calls of the
    last 7 days, oldest first. Window and caps are those of policy and campaign together, or those
    of the approved exception that is named. `trade_may_market` is None for a trade without a pack;
    `line_filed` says whether a filing covers the line on the day of the call. `line_calls_*` count the calls
    of the line against the budget that its carrier allows (None: none is set); `line_free_at` is when the
    next one fits.
    """

    at: datetime
    kind: str
    trade: str
    product_risk: str
    trade_may_market: bool | None
    highest_risk: str
    permit_missing: bool
    # the client
    contact_known: bool
    contact_erasing: bool
    contact_minor: bool
    contact_expires_at: datetime | None
    opted_out_at: datetime | None
    source_state: str | None
    source_has_purpose: bool
    consent_given_at: datetime | None
    consent_expires_at: datetime | None
    consent_withdrawn_at: datetime | None
    local_times: tuple[datetime, ...]
    holidays: tuple[str | None, ...]
    holiday_over: date | None
    # how often
    calls_today: int
    calls_of_week: tuple[datetime, ...]
    next_local_day: datetime | None
    calls_per_day: int
    calls_per_week: int
    caps_exception: str | None
    # the campaign
    campaign_state: str
    starts_on: date
    ends_on: date
    window_start: time
    window_end: time
    hours_exception: str | None
    filing_from: date | None
    filing_until: date | None
    line_in_campaign: bool
    line_state: str | None
    line_filed: bool
    script_state: str | None
    script_expires_at: datetime | None
    # the agent; None when no agent takes part
    agent_assigned: bool | None
    agent_suspended: bool | None
    agent_open_call: bool | None
    checklist_done: bool | None
    # since these were asked for decisions have them; older ones read as before
    number_doubted_at: datetime | None = None
    line_calls_of_hour: int = 0
    line_calls_of_day: int = 0
    line_calls_per_hour: int | None = None
    line_calls_per_day: int | None = None
    line_free_at: datetime | None = None
    voice_unlabelled: bool = False

    def as_json(self) -> bytes:
        """JSON with RFC 3339 times; `from_json` reads it back."""
        return to_json(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Facts":
        """The facts of a stored decision, for replay. Raises `OldFacts`."""
        asked = {field.name: field for field in fields(cls) if field.name in data or field.default is MISSING}
        if missing := asked.keys() - data.keys():
            raise OldFacts(missing=", ".join(sorted(missing)))
        return cls(**{name: _READ.get(field.type, _same)(data[name]) for name, field in asked.items()})

    @property
    def days(self) -> list[date]:
        """The calendar day of each zone that the client may be in."""
        return [local.date() for local in self.local_times]


def _same(value: Any) -> Any:
    return value


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moments(texts: list[str]) -> tuple[datetime, ...]:
    return tuple(datetime.fromisoformat(text) for text in texts)


# How a value of each type is read back from JSON; other types are their own JSON.
_READ: dict[Any, Any] = {
    datetime: _moment,
    datetime | None: _moment,
    date: _day,
    date | None: _day,
    time: time.fromisoformat,
    tuple[datetime, ...]: _moments,
    tuple[str | None, ...]: tuple,
}
