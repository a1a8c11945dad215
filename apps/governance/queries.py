"""Who sees what of governance, and when the next compliance audit is due."""

from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns import queries as campaigns
from apps.contacts.models import DataSource, MinorFlag
from apps.sharing import queries as sharing

from .models import Assessment, ComplianceAudit, Incident, IncidentTask, Nonconformity

# above ten million persons the Measures want two years at most; who handles minors' data, one
YEARS, YEARS_WITH_MINORS = 2, 1


def incidents_of(viewer: User) -> QuerySet[Incident]:
    """Compliance all but those about themselves; others what they recorded."""
    # The job in the same query: read after it, it may be over where the incident was read before.
    incidents = Incident.objects.select_related("owner", "person", "client", "scope_job")
    if not viewer.is_active:
        return incidents.none()
    if viewer.role == Role.COMPLIANCE:
        return incidents.exclude(person=viewer)
    return incidents.filter(opened_by=viewer).exclude(person=viewer)


def tasks_of(viewer: User) -> QuerySet[IncidentTask]:
    """The viewer's own tasks that are not done, the earliest first."""
    tasks = IncidentTask.objects.filter(
        owner=viewer, done_at__isnull=True, incident__state=Incident.State.OPEN
    )
    tasks = tasks.exclude(incident__person=viewer)
    return tasks.select_related("incident").order_by("due_on", "pk")


def assessments_of(viewer: User) -> QuerySet[Assessment]:
    """Compliance all; a supervisor their own, and those of campaigns and shares that they may see."""
    found = Assessment.objects.select_related("written_by", "decided_by")
    if not viewer.is_active or viewer.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        return found.none()
    if viewer.role == Role.COMPLIANCE:
        return found
    own = Q(written_by=viewer)
    own |= Q(about_kind="campaign", about_id__in=campaigns.campaigns_of(viewer).values("pk"))
    own |= Q(about_kind="share", about_id__in=sharing.shares_of(viewer).values("pk"))
    return found.filter(own)


def next_audit_due(now: datetime) -> date:
    """The day on which an audit has to be done: so many years after the last one was signed, or after the
    first data source was recorded (sources are never deleted)."""
    years = YEARS_WITH_MINORS if MinorFlag.objects.filter(lifted_at__isnull=True).exists() else YEARS
    last = ComplianceAudit.objects.filter(state=ComplianceAudit.State.SIGNED).order_by("-signed_at").first()
    first = DataSource.objects.order_by("created_at").first()
    begun = last.signed_at if last and last.signed_at else first.created_at if first else now
    day = timezone.localdate(begun)
    return (
        day.replace(year=day.year + years)
        if (day.month, day.day) != (2, 29)
        else date(day.year + years, 2, 28)
    )


def nonconformities_of(viewer: User) -> QuerySet[Nonconformity]:
    """Compliance all; others those that they own."""
    found = Nonconformity.objects.select_related("owner", "report", "answer__audit")
    if not viewer.is_active:
        return found.none()
    return found if viewer.role == Role.COMPLIANCE else found.filter(owner=viewer)
