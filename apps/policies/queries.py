"""Which version is in force."""

from datetime import date, datetime
from typing import TypeVar

from django.utils import timezone

from apps.core.calendar import clock
from apps.core.calendar.workdays import Calendar

from .models import (
    AlarmPolicy,
    CalendarYear,
    CallingPolicy,
    MeasuresPolicy,
    PolicyDraft,
    PolicyVersion,
    RetentionPolicy,
    TradePack,
)

Version = TypeVar("Version", bound=PolicyVersion)

MODELS: dict[str, type[PolicyVersion]] = {
    PolicyDraft.Kind.CALLING: CallingPolicy,
    PolicyDraft.Kind.CALENDAR: CalendarYear,
    PolicyDraft.Kind.TRADE: TradePack,
    PolicyDraft.Kind.MEASURES: MeasuresPolicy,
    PolicyDraft.Kind.RETENTION: RetentionPolicy,
    PolicyDraft.Kind.ALARMS: AlarmPolicy,
}


def in_force(model: type[Version], at: datetime) -> Version:
    return model._default_manager.filter(in_force_from__lte=at).latest()


def calling_policy(at: datetime) -> CallingPolicy:
    return in_force(CallingPolicy, at)


def retention_policies(at: datetime) -> dict[str, RetentionPolicy]:
    """The policy of each class of data."""
    return {
        row.data_class: row
        for row in RetentionPolicy.objects.filter(in_force_from__lte=at).order_by("number")
    }


def days_kept(data_class: str, at: datetime) -> int:
    """How many days a class of data is kept, by the policy of that moment."""
    return retention_policies(at)[data_class].days_at(timezone.localdate(at))


def measures_policy(at: datetime) -> MeasuresPolicy:
    return in_force(MeasuresPolicy, at)


def alarm_thresholds(at: datetime) -> dict[str, int]:
    """What compliance has set, by code; empty before the first version."""
    version = AlarmPolicy.objects.filter(in_force_from__lte=at).order_by("number").last()
    return dict(version.thresholds) if version else {}


def trade_packs(at: datetime) -> dict[str, TradePack]:
    """The pack of each trade."""
    return {pack.trade: pack for pack in TradePack.objects.filter(in_force_from__lte=at).order_by("number")}


def trade_choices() -> list[tuple[str, str]]:
    return [(trade, str(pack)) for trade, pack in sorted(trade_packs(clock.now()).items())]


def trade_names() -> dict[str, str]:
    """What each trade is called, for people."""
    return dict(trade_choices())


def calendar(at: datetime) -> Calendar:
    """The holidays of the years that are known at this moment."""
    rows = {row.year: row for row in CalendarYear.objects.filter(in_force_from__lte=at).order_by("number")}
    return Calendar(
        {
            year: {date.fromisoformat(day): name for day, name in row.holidays.items()}
            for year, row in rows.items()
        },
        frozenset(day for row in rows.values() for day in row.working_days),
    )
