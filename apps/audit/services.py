"""Writing to the trail. A read that cannot be recorded does not happen."""

from apps.accounts.models import ApiClient, User
from apps.accounts.requests import StaffRequest

from .models import AccessEvent


def record_access(
    *,
    kind: str,
    subject: str,
    purpose: str,
    actor: User | None = None,
    client: ApiClient | None = None,
    field: str = "",
    count: int = 1,
    address: str | None = None,
) -> AccessEvent:
    """One event, in the caller's transaction: if it cannot be written, the caller fails too."""
    return AccessEvent.objects.create(
        kind=kind, subject=subject, purpose=purpose, actor=actor, client=client, field=field, count=count, address=address
    )


def record_page(request: StaffRequest, *, subject: str, purpose: str, count: int = 1, kind: str = AccessEvent.Kind.VIEWED) -> AccessEvent:
    """A page that shows personal data, masked or not."""
    return record_access(
        kind=kind, subject=subject, purpose=purpose, count=count, actor=request.user, address=request.META.get("REMOTE_ADDR") or None
    )
