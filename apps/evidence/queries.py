"""Who sees which evidence packs."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.quality import queries as quality
from apps.quality.models import EvidencePack


def packs_of(viewer: User) -> QuerySet[EvidencePack]:
    """Compliance all; a supervisor those of complaints that are theirs to see."""
    packs = EvidencePack.objects.select_related("asked_by", "decided_by", "job")
    if not viewer.is_active or viewer.role not in quality.STAFF:
        return packs.none()
    if viewer.role == Role.COMPLIANCE:
        return packs
    return packs.filter(complaint__in=quality.complaints_of(viewer))
