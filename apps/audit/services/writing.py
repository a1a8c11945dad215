"""Writing to the trail. A read that cannot be recorded does not happen."""

from apps.accounts.models import ApiClient, User
from apps.accounts.request_types import StaffRequest
from apps.core.calendar import clock
from apps.core.database.prepared_statements import Prepared, Step

from ..models import AccessEvent


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
        created_at=clock.now(),
        kind=kind,
        subject=subject,
        purpose=purpose,
        actor=actor,
        client=client,
        field=field,
        count=count,
        address=address,
    )


_EVENT = Prepared(
    "access_event",
    """
    insert into audit_accessevent (created_at, kind, actor_id, client_id, subject, field, count, purpose,
        address)
    values (%(created_at)s, %(kind)s, null, %(client)s, %(subject)s, %(field)s, 1, %(purpose)s, null)
        returning id
    """,
)


def event_of_client(*, kind: str, subject: str, purpose: str, client_id: int, field: str) -> Step:
    """The statement that records what a program is given, to be run together with others
    (`core.database.prepared_statements`)."""
    about = {"kind": kind, "subject": subject, "purpose": purpose, "client": client_id, "field": field}
    return _EVENT, {"created_at": clock.now(), **about}


def record_page(
    request: StaffRequest, *, subject: str, purpose: str, count: int = 1, kind: str = AccessEvent.Kind.VIEWED
) -> AccessEvent:
    """A page that shows personal data, masked or not."""
    return record_access(
        kind=kind,
        subject=subject,
        purpose=purpose,
        count=count,
        actor=request.user,
        address=address_of(request),
    )


def address_of(request: StaffRequest) -> str | None:
    return request.META.get("REMOTE_ADDR") or None
