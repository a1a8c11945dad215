"""Exceptions from hours and caps, for calls that are no marketing (R11, R13): asked for, approved, ended."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.notifications.services import close_notices, notify

from ..models import CallException, Campaign


@transaction.atomic
def ask_exception(*, actor: User, campaign: Campaign, **fields: Any) -> CallException:
    """Ask for wider hours or caps for a while. Marketing has none, whatever the reason."""
    if not actor.has_perm("supervise", campaign):
        raise NotAllowed()
    if campaign.kind == "marketing":
        raise BadInput(_("Marketing calls have no exception from hours and caps (R11, R13)."))
    exception = CallException(campaign=campaign, asked_by=actor, **fields)
    _check(exception)
    exception.save()
    notify(
        User.objects.filter(role=Role.COMPLIANCE, is_active=True),
        "exception_asked",
        thing=f"campaign:{campaign.pk}",
        campaign=campaign.name,
        exception=exception.pk,
    )
    return exception


def _check(exception: CallException) -> None:
    try:
        exception.full_clean()
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None


@transaction.atomic
def approve_exception(*, actor: User, exception: CallException) -> CallException:
    """Compliance approves what another person asked for. Raises `FourEyes`."""
    exception = _locked(actor, exception)
    if exception.asked_by_id == actor.pk:
        raise FourEyes()
    if exception.approved_at or exception.ended_at:
        raise WrongState()
    exception.approved_by, exception.approved_at = actor, clock.now()
    exception.save()
    close_notices("exception_asked", exception=exception.pk)
    return exception


@transaction.atomic
def end_exception(*, actor: User, exception: CallException) -> CallException:
    """Refuse it, or end it before its time: the gate knows at once."""
    exception = _locked(actor, exception)
    if exception.ended_at:
        raise WrongState()
    exception.ended_at = clock.now()
    exception.save()
    close_notices("exception_asked", exception=exception.pk)
    return exception


def _locked(actor: User, exception: CallException) -> CallException:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    return CallException.objects.select_for_update(of=("self",)).get(pk=exception.pk)
