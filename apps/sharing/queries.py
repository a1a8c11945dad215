"""Which shares are a person's to see, and whose rows one shows."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns.models import QueueEntry

from .models import Share


def shares_of(viewer: User) -> QuerySet[Share]:
    """All for compliance, their own for supervisors."""
    found = Share.objects.select_related("campaign", "asked_by__department", "decided_by")
    if not viewer.is_active or viewer.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        return found.none()
    return found if viewer.role == Role.COMPLIANCE else found.filter(asked_by=viewer)


def entries_of(share: Share) -> QuerySet[QueueEntry]:
    """The campaign's contacts, without those who are being erased."""
    return QueueEntry.objects.filter(
        campaign=share.campaign_id, contact__erasing_at__isnull=True
    ).select_related("contact")
