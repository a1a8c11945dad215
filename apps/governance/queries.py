"""Who sees which incidents, tasks and assessments."""

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns import queries as campaigns
from apps.sharing import queries as sharing

from .models import Assessment, Incident, IncidentTask


def incidents_of(viewer: User) -> QuerySet[Incident]:
    """Compliance all but those about themselves; others what they recorded."""
    incidents = Incident.objects.select_related("owner", "person", "client")
    if not viewer.is_active:
        return incidents.none()
    if viewer.role == Role.COMPLIANCE:
        return incidents.exclude(person=viewer)
    return incidents.filter(opened_by=viewer).exclude(person=viewer)


def tasks_of(viewer: User) -> QuerySet[IncidentTask]:
    """The viewer's own tasks that are not done, the earliest first."""
    tasks = IncidentTask.objects.filter(owner=viewer, done_at__isnull=True, incident__state=Incident.State.OPEN)
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
