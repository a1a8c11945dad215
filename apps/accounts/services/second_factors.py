"""A second factor that its person lost: one administrator asks to take it away, somebody else agrees."""

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text

from ..models import FactorReset, Invitation, User
from ..roles import Role
from .people import require_admin

LIFE = timedelta(days=2)
TRIAL = timedelta(days=30)
DECIDERS = (Role.ADMIN, Role.COMPLIANCE)


def _was_brought_in(person: User, *, by: User, since: datetime) -> bool:
    """Whether the one made the other's link lately: who may set somebody's password is no second person
    beside them."""
    return Invitation.objects.filter(user=person, made_by=by, created_at__gt=since).exists()


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user).exists()


@transaction.atomic
def ask_factor_reset(*, actor: User, user: User, reason: str) -> FactorReset:
    """Raises `NotAllowed`, `WrongState` when it was asked already, `BadInput` without a reason or a
    factor."""
    require_admin(actor, on=user)
    user = User.objects.select_for_update().get(pk=user.pk)
    user.factor_resets.filter(decided_at__isnull=True, created_at__lte=clock.now() - LIFE).update(
        decided_at=clock.now()
    )
    if user.factor_resets.filter(decided_at__isnull=True).exists():
        raise WrongState(_("This has been asked already. Somebody else has to decide it."))
    if not has_second_factor(user):
        raise BadInput(_("The person has no second factor."))
    reason = checked_text(reason, _("Say how you know that it is lost."), most=200)
    return FactorReset.objects.create(user=user, asked_by=actor, reason=reason)


@transaction.atomic
def decide_factor_reset(*, actor: User, reset: FactorReset, approve: bool) -> FactorReset:
    """With approval all second factors of the person go, and their sessions end; they set up a new one at
    their next sign-in.

    Who asked, and the person, may only refuse. Raises `NotAllowed` (administrators and compliance decide),
    `FourEyes` also for somebody whom the asker has just brought in, `WrongState` when it was decided, or
    asked longer ago than two days.
    """
    if actor.role not in DECIDERS or not actor.is_active:
        raise NotAllowed()
    reset = FactorReset.objects.select_for_update(of=("self",)).select_related("user").get(pk=reset.pk)
    now = clock.now()
    if reset.decided_at is not None or reset.created_at <= now - LIFE:
        raise WrongState(_("This was decided already, or asked more than two days ago. Ask again."))
    if approve and (
        actor.pk in (reset.asked_by_id, reset.user_id)
        or _was_brought_in(actor, by=reset.asked_by, since=now - TRIAL)
    ):
        raise FourEyes()
    is_own = actor.pk in (reset.asked_by_id, reset.user_id)
    reset.decided_by, reset.decided_at, reset.approved = None if is_own else actor, now, approve
    reset.save(update_fields=["decided_by", "decided_at", "approved"])
    if approve:
        # not one that was set up since
        Authenticator.objects.filter(user=reset.user, created_at__lte=reset.created_at).delete()
        reset.user.sessions_ended_at = clock.now()
        reset.user.save(update_fields=["sessions_ended_at"])
    return reset
