"""Who may read which part of the trail (design, section 6)."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.roles import Role

from .models import AccessEvent, Notice


def events_of(viewer: User) -> QuerySet[AccessEvent]:
    """Agents their own, supervisors their department's people, compliance and admins all."""
    events = AccessEvent.objects.select_related("actor", "client")
    if not viewer.is_active:
        return events.none()
    if viewer.role in {Role.COMPLIANCE, Role.ADMIN}:
        return events
    if viewer.role == Role.SUPERVISOR:
        return events.filter(actor__department=viewer.department_id)
    return events.filter(actor=viewer)


def unread(viewer: User) -> int:
    return Notice.objects.filter(recipient=viewer, read_at__isnull=True).count()
