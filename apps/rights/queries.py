"""Which requests are a person's to see."""

from django.db.models import Count, Q, QuerySet

from apps.accounts.models import User
from apps.accounts.roles import Role

from .models import SubjectRequest

State = SubjectRequest.State


def requests_of(viewer: User) -> QuerySet[SubjectRequest]:
    """All for compliance; those that they recorded for supervisors and agents; none for admins. A stranger's
    that was not confirmed by the code is nobody's."""
    found = SubjectRequest.objects.exclude(state=State.UNCONFIRMED).select_related("owner", "purpose")
    if not viewer.is_active or viewer.role == Role.ADMIN:
        return found.none()
    return found if viewer.role == Role.COMPLIANCE else found.filter(recorded_by=viewer)


def owners() -> QuerySet[User]:
    """Who may handle requests; whoever has fewest open ones first."""
    open_ones = Count("subject_requests", filter=Q(subject_requests__closed_at__isnull=True))
    return (
        User.objects.filter(role=Role.COMPLIANCE, is_active=True)
        .annotate(open_requests=open_ones)
        .order_by("open_requests", "pk")
    )
