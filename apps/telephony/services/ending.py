"""A supervisor ends a call under way; the gateway hangs up within a second."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.calls.models import Call
from apps.campaigns import queries as campaigns
from apps.core.calendar import clock
from apps.core.errors import NotAllowed, WrongState

ENDS = (Role.SUPERVISOR, Role.COMPLIANCE)


@transaction.atomic
def end_call(*, actor: User, call: Call) -> Call:
    """Raises `NotAllowed` for a call of a foreign campaign, `WrongState` for one that is over or not led by a
    gateway."""
    if actor.role not in ENDS or not campaigns.campaigns_of(actor).filter(pk=call.campaign_id).exists():
        raise NotAllowed()
    call = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    if call.is_over or call.relayed_by_id is None:
        raise WrongState(_("The call is over already."))
    call.end_requested_at = call.end_requested_at or clock.now()
    call.save(update_fields=["end_requested_at"])
    return call
