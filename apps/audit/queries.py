"""Who may read which part of the trail."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.roles import Role

from .models import AccessEvent, TrailCheck, TreeHead
from .trail_tables import streams

STREAM_NAMES: dict[str, Promise] = {
    "changes": _("changes"),
    "reads": _("reads and sign-ins"),
    "decisions": _("decisions of the gate"),
}


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


@dataclass(frozen=True)
class StreamState:
    """How far a stream is signed."""

    name: Promise
    last: TreeHead | None
    waiting: int


def stream_states() -> list[StreamState]:
    found = []
    for stream in streams():
        last = TreeHead.last_of(stream.name)
        found.append(
            StreamState(STREAM_NAMES[stream.name], last, stream.count_above(last.upto if last else 0))
        )
    return found


@dataclass(frozen=True)
class TrailState:
    """What pages say: up to when the trail is signed, and how the last check of all of it went."""

    signed_at: datetime | None
    check: TrailCheck | None


def trail_state() -> TrailState:
    last = TreeHead.objects.order_by("-pk").first()
    return TrailState(last.created_at if last else None, TrailCheck.objects.order_by("-pk").first())
