"""An admin's home: how the site runs, and who may do what that somebody has to look at."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from apps.access.models import Finding, PermissionAudit, TemporaryGrant
from apps.accounts.models import ApiClient, User
from apps.audit.queries import trail_state
from apps.jobs.models import FileToDelete
from apps.policies import queries as policies
from apps.retention.models import BackupRun
from apps.retention.services import last_good

from . import scheduled

ENDS_SOON = timedelta(days=30)


def state_of(viewer: User, now: datetime) -> dict[str, Any]:
    """What `console/site.html` shows. Nothing of it names a client or a number."""
    audit = PermissionAudit.objects.filter(ended_at__isnull=False).order_by("-pk").first()
    findings = (
        Finding.objects.filter(audit=audit, state=Finding.State.OPEN) if audit else Finding.objects.none()
    )
    by_severity = dict(findings.values_list("severity").annotate(Count("pk")).order_by())
    in_use = ApiClient.objects.filter(is_active=True)
    return {
        "late_duties": [duty for duty in scheduled.duties(viewer, now) if duty.is_late],
        "backup": last_good(),
        "drill": BackupRun.objects.filter(kind=BackupRun.Kind.DRILL).order_by("-pk").first(),
        "trail": trail_state(),
        "files_stuck": FileToDelete.objects.filter(tries__gt=0).count(),
        "last_year": policies.calendar(now).last_known_year,
        "audit": audit,
        "findings": [(severity.label, by_severity[severity],
        severity == Finding.Severity.HIGH) for severity in Finding.Severity
                     if severity in by_severity],
        "people": User.objects.aggregate(
            active=Count("pk", filter=Q(is_active=True)),
            suspended=Count("pk", filter=Q(is_active=True, suspended_at__isnull=False))
        ),
        "grants": TemporaryGrant.objects.filter(state=TemporaryGrant.State.APPROVED,
        ends_at__gt=now).order_by("ends_at")[:5],
        "ending_keys": in_use.filter(ends_at__gt=now, ends_at__lte=now + ENDS_SOON).order_by("ends_at")[:5],
        "ended_keys": in_use.filter(ends_at__lte=now).order_by("ends_at")[:5],
        "late": [],
        "scripts_waiting": [],
    }  # fmt: skip
