"""Taking a refusal's effect away: only fresh consent, with evidence and two people (R15)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.database.locks import lock_number
from apps.core.errors import BadInput, FourEyes, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers, phones
from apps.core.privacy.free_text import whole_text
from apps.notifications.services import close_notices, notify

from .. import queries
from ..models import Lift
from .recording import Hashed, move_on


@transaction.atomic
def ask_lift(*, actor: User, phone: str, consent_given_at: datetime, evidence: str) -> Lift:
    """Ask that a number may be called again. The consent has to be younger than the last refusal.

    Raises `PhoneInvalid`, and `BadInput` for a number that is not on the register or a consent that is too
    old.
    """
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    if not evidence.strip():
        raise BadInput(_("Say what shows the consent: a recording, a form, a message."))
    if forbidden_numbers.find(evidence) or phones.find_in(evidence):
        raise PersonalDataFound(_("The evidence holds a number of a person. Name the record instead."))
    if consent_given_at > clock.now():
        raise BadInput(_("The consent lies in the future."))
    number = Hashed.of(phones.normalise(phone))
    lock_number(number.index)
    move_on(number)
    entries = queries.entries_in_force(number.hashes.values())
    if not entries:
        raise BadInput(_("This number is not on the register."))
    if consent_given_at <= entries[0].said_at:
        raise BadInput(
            _("The consent is older than the refusal. Only consent given afterwards lifts it (R15).")
        )
    key_id, number_hash = number.current
    lift = Lift.objects.create(
        number_hash=number_hash, key_id=key_id, consent_given_at=consent_given_at,
        evidence=whole_text(evidence, 200), asked_by=actor,
        created_at=clock.now(),
    )  # fmt: skip
    notify(
        User.objects.filter(role=Role.COMPLIANCE, is_active=True),
        "lift_asked",
        about=actor,
        thing=f"lift:{lift.pk}",
    )
    return lift


def _open(actor: User, lift: Lift) -> Lift:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    lift = Lift.objects.select_for_update().get(pk=lift.pk)
    if lift.state != Lift.State.OPEN:
        raise WrongState()
    if lift.asked_by_id == actor.pk:
        raise FourEyes()
    return lift


@transaction.atomic
def approve_lift(*, actor: User, lift: Lift) -> Lift:
    """From the commit on refusals said before the consent no longer count; a new one counts at once."""
    return _decided(_open(actor, lift), actor, Lift.State.APPROVED)


@transaction.atomic
def refuse_lift(*, actor: User, lift: Lift) -> Lift:
    return _decided(_open(actor, lift), actor, Lift.State.REFUSED)


def _decided(lift: Lift, actor: User, state: str) -> Lift:
    lift.state, lift.decided_by, lift.decided_at = state, actor, clock.now()
    lift.save()
    close_notices("lift_asked", thing=f"lift:{lift.pk}")
    return lift
