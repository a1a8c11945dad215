"""Counting days. A day is counted again as long as its calls are recorded, reviewed or reported late."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, DurationField, ExpressionWrapper, F, Func, Q
from django.utils import timezone

from apps.calls.models import Call, Decision
from apps.core.calendar import clock
from apps.core.database.locks import lock_day_counts
from apps.optouts.models import OptOut
from apps.policies import queries as policies
from apps.quality import queries as quality

from .models import DayCount

# every few minutes: today, and the day before for what is reported after midnight
KEPT_UP = timedelta(days=1)
COUNTED_AGAIN = timedelta(days=2 * 92)  # every night: what an overview of 92 days and the time before it show
Measure = DayCount.Measure


def keep(since: date, until: date) -> None:
    """Count the days from `since` to `until`, each in a transaction of its own: readers see a day as it was
    or as it is."""
    day = until  # the newest first: what is cut off lacks what fewest look at
    while day >= since:
        with transaction.atomic():
            lock_day_counts()
            DayCount.objects.filter(day=day).delete()
            DayCount.objects.bulk_create(_counted(day), batch_size=1000)
        day -= timedelta(days=1)


def keep_up(*, whole: bool = False) -> None:
    today = timezone.localdate(clock.now())
    keep(today - (COUNTED_AGAIN if whole or not DayCount.objects.exists() else KEPT_UP), today)


def _counted(day: date) -> list[DayCount]:
    start, end = clock.start_of_day(day), clock.start_of_day(day + timedelta(days=1))
    found = [*_decisions(start, end), *_connected(start, end), *_lines(start, end), *_opt_outs(start, end)]
    return [
        DayCount(day=day, measure=measure, key=key, campaign_id=campaign, count=count)
        for measure, key, campaign, count in found
        if count
    ]


Found = Iterable[tuple[Measure, str, int | None, int]]


def _decisions(start: datetime, end: datetime) -> Found:
    of_day = Decision.objects.filter(at__gte=start, at__lt=end).order_by()
    for campaign, allowed, count in of_day.values_list("campaign", "allowed").annotate(Count("pk")):
        yield Measure.ALLOWED if allowed else Measure.REFUSED, "", campaign, count
    refusals = of_day.filter(allowed=False).annotate(code=Func("codes", function="unnest"))
    for campaign, code, count in refusals.values_list("campaign", "code").annotate(Count("pk")):
        yield Measure.REFUSED_BY, code, campaign, count


def _connected(start: datetime, end: datetime) -> Found:
    for row in quality.covered(quality.connected(start, end), "campaign"):
        yield Measure.CONNECTED, "", row["campaign"], row["calls"]
        yield Measure.RECORDED, "", row["campaign"], row["recorded"]
        yield Measure.REVIEWED, "", row["campaign"], row["reviewed"]


def _lines(start: datetime, end: datetime) -> Iterator[tuple[Measure, str, int | None, int]]:
    short = timedelta(seconds=policies.measures_policy(start).short_seconds)
    lasted = ExpressionWrapper(F("ended_at") - F("answered_at"), output_field=DurationField())
    made = Call.objects.filter(reserved_at__gte=start, reserved_at__lt=end, made_at__isnull=False).annotate(
        lasted=lasted
    )
    counts = made.values_list("line", "campaign").annotate(
        calls=Count("pk"), answered=Count("answered_at"), brief=Count("pk", filter=Q(lasted__lt=short))
    )
    for line, campaign, calls, answered, brief in counts.order_by():
        yield Measure.LINE_MADE, str(line), campaign, calls
        yield Measure.LINE_ANSWERED, str(line), campaign, answered
        yield Measure.LINE_SHORT, str(line), campaign, brief


def _opt_outs(start: datetime, end: datetime) -> Found:
    entries = OptOut.objects.filter(created_at__gte=start, created_at__lt=end, moved_from__isnull=True)
    for channel, count in entries.order_by().values_list("channel").annotate(Count("pk")):
        yield Measure.OPTED_OUT, channel, None, count
