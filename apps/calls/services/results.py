"""What came of a call: its result, a note, a ticket, a call back."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts.models import NumberDoubt
from apps.contacts.services import raise_doubt
from apps.core.calendar import clock
from apps.core.database.locks import lock_number
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers
from apps.optouts.models import OptOut

from .. import queries
from ..models import Call, Disposition, Ticket
from ..signals import client_complained
from .calling import refuse_in_call
from .postponing import call_back


@transaction.atomic
def write_disposition(
    *,
    actor: User,
    call: Call,
    reason: str,
    note: str = "",
    identity_said: bool = False,
    ticket: str = "",
    ticket_due: date | None = None,
    ticket_owner: User | None = None,
    call_back_at: datetime | None = None,
) -> Disposition:
    """The result of a call; the next call waits for it. Raises `PersonalDataFound`, `WrongState`.

    `call_back_at`: when a client who asked for it is called back. A ticket is the agent's own unless it names
    another owner of the campaign.
    """
    lock_number(bytes(call.number_index))
    call = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    if call.agent_id != actor.pk:
        raise NotAllowed()
    if not call.is_over:
        raise WrongState(_("The call is still going on. End it first."))
    if Disposition.objects.filter(call=call).exists():
        raise WrongState(_("The result of this call was already written."))
    for text in (note, ticket):
        if forbidden_numbers.find(text):
            raise PersonalDataFound(
                _(
                    "A resident-ID or bank-card number stands in your text. Remove it: it may not be kept "
                    "(R1)."
                )
            )
    if reason not in Disposition.Reason.values:
        raise BadInput(_("Choose the result of the call."), form_field="reason")
    if reason == Disposition.Reason.NOT_REACHED and call.answered_at:
        raise BadInput(_("The call was answered: choose what came of it."), form_field="reason")
    if call.opted_out_at and reason in Disposition.AGAINST_A_REFUSAL:
        raise BadInput(
            _("The client refused further calls in this call: choose another result."), form_field="reason"
        )
    if reason == Disposition.Reason.CALL_BACK and not call_back_at and not ticket:
        raise BadInput(
            _("Say when to call back, or what has to be done in a ticket."), form_field="call_back_at"
        )
    if ticket and not ticket_due:
        raise BadInput(_("Say by when the ticket is due."), form_field="ticket_due")
    if ticket_due and ticket_due < timezone.localdate(clock.now()):
        raise BadInput(_("The ticket would be due in the past."), form_field="ticket_due")
    if ticket_owner and not queries.people_of(call.campaign).filter(pk=ticket_owner.pk).exists():
        raise BadInput(_("The owner of a ticket works or runs the campaign."), form_field="ticket_owner")
    # also after a word that refused less, or may be none
    if reason == Disposition.Reason.OPTED_OUT:
        refuse_in_call(call, channel=OptOut.Channel.AGENT, recorded_by=actor)
    call.identity_said = identity_said if call.answered_at else None
    call.save(update_fields=["identity_said"])
    disposition = Disposition.objects.create(call=call, reason=reason, note=note or None, written_by=actor)
    if reason == Disposition.Reason.CALL_BACK and call_back_at:
        call_back(actor=actor, call=call, at=call_back_at)
    if reason == Disposition.Reason.WRONG_NUMBER:
        raise_doubt(
            number_index=bytes(call.number_index),
            origin=NumberDoubt.Origin.CALL,
            reference=call.public_id,
            actor=actor,
        )
    if reason == Disposition.Reason.COMPLAINT:
        client_complained.send(sender=Call, actor=actor, call=call, note=disposition.note)
    if ticket and ticket_due:
        Ticket.objects.create(call=call, subject=ticket[:120], owner=ticket_owner or actor, due_on=ticket_due)
    return disposition


@transaction.atomic
def close_ticket(*, actor: User, ticket: Ticket) -> Ticket:
    """What had to be done is done. Its owner closes it."""
    ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    if ticket.owner_id != actor.pk:
        raise NotAllowed()
    if ticket.closed_at:
        raise WrongState()
    ticket.closed_at = clock.now()
    ticket.save(update_fields=["closed_at"])
    return ticket
