"""A duty that did not run: the schedule says how often, the last run is noted here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from celery import current_app
from celery.schedules import crontab
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from apps.audit.alarms import AlarmRule, Seen

from .models import DutyRun

LEAST = timedelta(minutes=10)  # what runs each few seconds is not missed for a restart


def every(schedule: crontab | float) -> timedelta:
    """How far apart two runs are at most."""
    if not isinstance(schedule, crontab):
        return timedelta(seconds=schedule)
    if len(schedule.day_of_month) == 1:
        return timedelta(days=31)
    if len(schedule.day_of_week) == 1:
        return timedelta(days=7)
    return timedelta(days=1) if len(schedule.hour) == 1 else timedelta(hours=1)


def of_this_version_since() -> datetime | None:
    """When the site became of its version: a duty that never ran is waited for from then on."""
    since: datetime | None = MigrationRecorder.Migration.objects.aggregate(last=Max("applied"))["last"]
    return since


def _missed(now: datetime, limit: int) -> Sequence[Seen]:
    """Duties that have not run for so many times their time; one that never ran, since the site is of this
    version. `count` is how many runs are missing."""
    runs = dict(DutyRun.objects.values_list("task", "ended_at"))
    begun = of_this_version_since()
    found = []
    for entry in current_app.conf.beat_schedule.values():
        last = runs.get(entry["task"], begun)
        apart = max(every(entry["schedule"]), LEAST)
        if last is not None and (missing := (now - last) // apart) >= limit:
            found.append(Seen(f"duty:{entry['task'].removeprefix('apps.')}", missing))
    return found


DUTY_MISSED = AlarmRule(
    "duty_missed",
    _("A duty has not run %(count)s times that it should have."),
    _("runs of a duty that are missing"),
    3,
    _missed,
    most=100,
)
