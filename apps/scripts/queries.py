"""Which script versions a person may read."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.roles import Role

from .models import ScriptVersion


def readable(viewer: User) -> QuerySet[ScriptVersion]:
    """Agents read what is approved, supervisors and compliance read all, admins nothing."""
    versions = ScriptVersion.objects.select_related("script", "author", "reviewed_by")
    if viewer.role == Role.AGENT:
        return versions.filter(state=ScriptVersion.State.APPROVED)
    return versions if viewer.role in {Role.SUPERVISOR, Role.COMPLIANCE} else versions.none()
