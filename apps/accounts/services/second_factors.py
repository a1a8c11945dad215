"""A second factor that its person lost: one administrator asks to take it away, somebody else agrees."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.errors import BadInput, WrongState
from apps.core.privacy.free_text import checked_text

from ..models import FactorReset, User
from .people import require_admin
from .second_person import decide, end_stale_requests


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user).exists()


@transaction.atomic
def ask_factor_reset(*, actor: User, user: User, reason: str) -> FactorReset:
    """Raises `NotAllowed`, `WrongState` when it was asked already, `BadInput` without a reason or a
    factor."""
    require_admin(actor, on=user)
    user = User.objects.select_for_update().get(pk=user.pk)
    end_stale_requests(FactorReset, user=user)
    if user.factor_resets.filter(decided_at__isnull=True).exists():
        raise WrongState(_("This has been asked already. Somebody else has to decide it."))
    if not has_second_factor(user):
        raise BadInput(_("The person has no second factor."))
    reason = checked_text(reason, _("Say how you know that it is lost."), most=200)
    return FactorReset.objects.create(user=user, asked_by=actor, reason=reason)


@transaction.atomic
def decide_factor_reset(*, actor: User, reset: FactorReset, approve: bool) -> FactorReset:
    """With approval all second factors of the person go, and their sessions end; they set up a new one at
    their next sign-in. Raises as `decide`."""
    reset = decide(reset, actor=actor, approve=approve, about=reset.user)
    if approve:
        # not one that was set up since
        Authenticator.objects.filter(user=reset.user, created_at__lte=reset.created_at).delete()
        reset.user.sessions_ended_at = clock.now()
        reset.user.save(update_fields=["sessions_ended_at"])
    return reset
