"""What one administrator asks for and somebody else decides: who may be that somebody, and for how long."""

from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.errors import FourEyes, NotAllowed, WrongState

from ..models import Invitation, TwoPersonRequest, User
from ..roles import Role

LIFE = timedelta(days=2)
TRIAL = timedelta(days=30)
DECIDERS = (Role.ADMIN, Role.COMPLIANCE)

Asked = TypeVar("Asked", bound=TwoPersonRequest)


def open_requests() -> Q:
    """The condition of what still waits."""
    return Q(decided_at__isnull=True, created_at__gt=clock.now() - LIFE)


def end_stale_requests(model: type[TwoPersonRequest], **about: object) -> None:
    """What nobody decided in time is over, so that it can be asked again."""
    model._default_manager.filter(
        decided_at__isnull=True, created_at__lte=clock.now() - LIFE, **about
    ).update(decided_at=clock.now())


def deciders(*besides: User) -> list[User]:
    found = User.objects.filter(role__in=DECIDERS, is_active=True)
    return list(found.exclude(pk__in=[each.pk for each in besides]))


def was_brought_in(person: User, *, by: User, since: datetime) -> bool:
    """Whether the one made the other's link lately: who may set somebody's password is no second person
    beside them."""
    return Invitation.objects.filter(user=person, made_by=by, created_at__gt=since).exists()


def decide(asked: Asked, *, actor: User, approve: bool, about: User | None = None) -> Asked:
    """Write the decision down, in the caller's transaction. Who asked, and whom it is `about`, may only
    refuse.

    Raises `NotAllowed` (administrators and compliance decide), `FourEyes` also for somebody whom the asker
    has just brought in, `WrongState` when it was decided, or asked longer ago than two days.
    """
    if actor.role not in DECIDERS or not actor.is_active:
        raise NotAllowed()
    asked = type(asked)._default_manager.select_for_update(of=("self",)).get(pk=asked.pk)
    now = clock.now()
    if asked.decided_at is not None or asked.created_at <= now - LIFE:
        raise WrongState(_("This was decided already, or asked more than two days ago. Ask again."))
    is_own = actor.pk == asked.asked_by_id or (about is not None and actor.pk == about.pk)
    if approve and (is_own or _is_dependent(actor, asked.asked_by, about, since=now - TRIAL)):
        raise FourEyes()
    asked.decided_by, asked.decided_at, asked.approved = None if is_own else actor, now, approve
    asked.save(update_fields=["decided_by", "decided_at", "approved"])
    return asked


def _is_dependent(actor: User, asker: User, about: User | None, *, since: datetime) -> bool:
    """Brought in by the asker, while somebody else could decide. On a site of two there is nobody else, but
    for a second factor: that one is the other's own."""
    if not was_brought_in(actor, by=asker, since=since):
        return False
    others = deciders(actor, asker, *([about] if about else []))
    is_other = about is not None and about.role in DECIDERS
    return is_other or any(not was_brought_in(other, by=asker, since=since) for other in others)
