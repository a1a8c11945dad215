"""Numbers in doubt: raised by anyone who hears that the number is another person's, resolved by compliance
(R40)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.database.locks import lock_number
from apps.core.errors import NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text
from apps.notifications.services import close_notices, notify

from .. import signals
from ..models import Contact, NumberDoubt
from .consenting import withdraw_consents

State = NumberDoubt.State


@transaction.atomic
def raise_doubt(
    *,
    number_index: bytes,
    origin: str,
    reference: str,
    actor: User | None = None,
    client: ApiClient | None = None,
) -> NumberDoubt:
    """From this commit on the gate refuses every kind of call to the number. A doubt that is open already
    stays as it is."""
    lock_number(number_index)
    if known := NumberDoubt.objects.filter(number_index=number_index, state=State.OPEN).first():
        return known
    contact = Contact.objects.select_related("source").filter(number_index=number_index).first()
    doubt = NumberDoubt.objects.create(
        number_index=number_index, contact=contact, source=contact.source if contact else None, origin=origin,
        raised_by=actor,
        client=client,
        reference=checked_text(reference, _("Say what shows that the number is another person's."), most=120),
        created_at=clock.now(),
    )  # fmt: skip
    if contact:
        signals.calling_stopped.send(sender=NumberDoubt, contact=contact, purpose=None, marketing_only=False)
    notify(
        User.objects.filter(role=Role.COMPLIANCE, is_active=True),
        "number_in_doubt",
        thing=f"number_doubt:{doubt.pk}",
    )
    return doubt


def disowned_at(number_index: bytes) -> datetime | None:
    """Since when the number is another person's, as compliance decided; None: nobody has."""
    ended = NumberDoubt.objects.filter(number_index=number_index, state=State.ENDED)
    return ended.aggregate(first=Min("created_at"))["first"]


@transaction.atomic
def replay_doubt(
    number_index: bytes,
    *,
    raised_at: datetime,
    origin: str,
    reference: str,
    state: str,
    decided_by_id: int | None,
    decided_at: datetime | None,
    reason: str,
    evidence: str,
) -> None:
    """After a restore: a number in doubt, or what was decided about it since. A decision of somebody who came
    after the backup is to be made again: until then no call goes to the number."""
    lock_number(number_index)
    of_number = NumberDoubt.objects.select_for_update(of=("self",)).filter(number_index=number_index)
    is_decided = decided_by_id is not None and User.objects.filter(pk=decided_by_id).exists()
    doubt = of_number.filter(created_at=raised_at).first()
    if doubt is None and not is_decided and of_number.filter(state=State.OPEN).exists():
        return
    if doubt is None:
        contact = Contact.everyone.filter(number_index=number_index).first()
        doubt = NumberDoubt(
            number_index=number_index, contact=contact, source=contact.source if contact else None,
            origin=origin, reference=reference, created_at=raised_at,
        )  # fmt: skip
    if is_decided and doubt.state == State.OPEN:
        doubt.state, doubt.decided_by_id, doubt.decided_at = state, decided_by_id, decided_at
        doubt.reason, doubt.evidence = reason, evidence
    doubt.save()


def _open(actor: User, doubt: NumberDoubt) -> NumberDoubt:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    lock_number(bytes(doubt.number_index))
    doubt = (
        NumberDoubt.objects.select_for_update(of=("self",))
        .select_related("contact", "source")
        .get(pk=doubt.pk)
    )
    if doubt.state != State.OPEN:
        raise WrongState()
    return doubt


def _decided(doubt: NumberDoubt, actor: User, state: str, reason: str) -> NumberDoubt:
    doubt.state, doubt.decided_by, doubt.decided_at = state, actor, clock.now()
    doubt.reason = checked_text(reason, _("Say how you know."), most=200)
    doubt.save()
    close_notices("number_in_doubt", thing=f"number_doubt:{doubt.pk}")
    return doubt


@transaction.atomic
def keep_consent(*, actor: User, doubt: NumberDoubt, reason: str, evidence: str) -> NumberDoubt:
    """The number is the client's after all: calls go on. `evidence` names what shows it. Raises `NotAllowed`,
    `BadInput`, `WrongState`."""
    doubt = _open(actor, doubt)
    doubt.evidence = checked_text(evidence, _("Name what shows that the number is the client's."), most=200)
    return _decided(doubt, actor, State.KEPT, reason)


@transaction.atomic
def end_consent(*, actor: User, doubt: NumberDoubt, reason: str) -> NumberDoubt:
    """The number changed hands: its consents end, and no call goes to it until its holder consents. Who keeps
    the source is notified."""
    doubt = _open(actor, doubt)
    if doubt.contact:
        withdraw_consents(contact=doubt.contact, how=_("The number changed hands (R40)."))
    doubt = _decided(doubt, actor, State.ENDED, reason)
    if doubt.source:
        keepers = User.objects.filter(
            pk__in=[doubt.source.recorded_by_id, doubt.source.approved_by_id], is_active=True
        )
        notify(keepers, "number_changed_hands", source=doubt.source.name)
    return doubt
