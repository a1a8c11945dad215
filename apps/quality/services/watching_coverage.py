"""Connected calls without a recording: reported the next morning, and within the hour when a whole line is
not recorded (R29)."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.notifications.models import Notice
from apps.notifications.services import notify

from .. import queries

UPLOAD_TIME = timedelta(minutes=10)  # a recording may come so long after the end of its call
WATCHED = timedelta(hours=1)
LEAST_CALLS = 5
MORNING = "recordings_missing"
LINE = "line_unrecorded"


def _watchers() -> list[User]:
    return list(User.objects.filter(role__in=[Role.COMPLIANCE, Role.SUPERVISOR], is_active=True))


@transaction.atomic
def report_missing() -> int:
    """How many connected calls of yesterday have no recording; reported once."""
    day = timezone.localdate(clock.now()) - timedelta(days=1)
    start = clock.start_of_day(day)
    missing = queries.connected(start, start + timedelta(days=1)).filter(recording__isnull=True).count()
    if missing and not Notice.objects.filter(code=MORNING, facts__day=day.isoformat()).exists():
        notify(_watchers(), MORNING, count=missing, day=day.isoformat())
    return missing


@transaction.atomic
def watch_lines() -> list[str]:
    """Lines none of whose last calls has a recording; each is reported once a day. Returns their numbers."""
    now = clock.now()
    lines = (
        queries.connected(now - WATCHED - UPLOAD_TIME, now)
        .filter(ended_at__lte=now - UPLOAD_TIME)
        .values("line__number")
        .annotate(calls=Count("pk"), recorded=Count("pk", filter=Q(recording__isnull=False)))
        .filter(calls__gte=LEAST_CALLS, recorded=0)
    )
    silent = [row["line__number"] for row in lines.order_by("line__number")]
    for number in silent:
        known = Notice.objects.filter(code=LINE, facts__line=number, created_at__gt=now - timedelta(days=1))
        if not known.exists():
            notify(_watchers(), LINE, line=number)
    return silent
