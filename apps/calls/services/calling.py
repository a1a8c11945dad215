"""Reservations and calls: claimed by a dialler, moved by its events, ended, expired.

Whoever touches a number takes its lock first and its rows afterwards; the gate does the same.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.campaigns.models import Campaign, QueueEntry
from apps.contacts.models import DataSource, Purpose
from apps.core import clock
from apps.core.errors import BadInput, NotAllowed, NotFound, WrongState
from apps.core.locks import lock_number
from apps.core.prepared import run_together
from apps.core.protected import Protected
from apps.optouts.models import OptOut
from apps.optouts.services import record_opt_out

from .. import rules
from ..models import Call
from .deciding import hand_over

EVENTS = (*rules.MOVES, "key")
# How far a dialler's clock may run ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)
# After how long without a word a call is over: nothing more is coming of it.
SILENCE = {Call.State.DIALLING: timedelta(minutes=3), Call.State.RINGING: timedelta(minutes=3), Call.State.ANSWERED: timedelta(hours=4)}
# How long a dialler has to hang up once it was asked to.
END_GRACE = timedelta(minutes=1)


@transaction.atomic
def claim_call(*, client: ApiClient, key: str | None = None, now: datetime | None = None) -> tuple[Call, Protected] | None:
    """Hand the oldest call that waits at a desk to a dialler, once; None when none waits.

    The same `key` again gets the same call, as long as it may still be made: an answer that was lost
    on its way is not a call lost. The handing over of the number is in the trail, in the same
    transaction.
    """
    now = now or clock.now()
    if key and (claimed := Call.objects.select_related("contact").filter(client=client, claim_key=key).first()):
        if claimed.contact is None or claimed.is_over or claimed.reserved_until <= now:
            raise WrongState(_("The call claimed under this key may no longer be made."))
        run_together(hand_over(client_id=client.pk, call=claimed.public_id))
        return claimed, claimed.contact.phone
    waiting = Call.objects.filter(
        state=Call.State.RESERVED,
        claimed_at__isnull=True,
        client__isnull=True,
        agent__isnull=False,
        reserved_until__gt=now,
        campaign__clients=client,
    )
    call = waiting.select_for_update(of=("self",), skip_locked=True).order_by("reserved_at").first()
    if call is None or call.contact is None:
        return None
    call.client, call.claimed_at, call.state, call.claim_key = client, now, Call.State.DIALLING, key
    call.save(update_fields=["client", "claimed_at", "state", "claim_key"])
    run_together(hand_over(client_id=client.pk, call=call.public_id))
    return call, call.contact.phone


@transaction.atomic
def record_event(*, call_id: int, event: str, client: ApiClient | None, at: datetime | None = None, digit: str = "") -> Call:
    """Take in what a dialler reports. Telling it twice, late or out of order does no harm.

    Key 9 puts the number on the register in this transaction, whatever its time. Raises `NotFound` for a call
    that is not the client's, `BadInput` for an event that does not exist, `WrongState` for a
    call that may no longer be made.
    """
    if event not in EVENTS:
        raise BadInput(_("There is no such event. Known are: %(events)s."), events=", ".join(EVENTS))
    found = Call.objects.filter(pk=call_id).only("number_index").first()
    if found is None:
        raise NotFound()
    lock_number(bytes(found.number_index))
    call = Call.objects.select_for_update(of=("self",)).get(pk=call_id)
    if client is not None and call.client_id != client.pk:
        raise NotFound()
    now = clock.now()
    if event == "key":
        _take_key(call, digit, min(at or now, now), client)
        return call
    if at is not None and at > now + CLOCK_SKEW:
        raise BadInput(_("The time of the event lies in the future. Set the dialler's clock."))
    if call.state in Call.UNUSED or (call.state == Call.State.RESERVED and call.reserved_until <= now):
        raise WrongState(_("This call is no longer reserved: it may not be made. Ask the gate again."))
    state = rules.next_state(call.state, event)
    if state is None:
        return call
    call.state = state
    if state == Call.State.ANSWERED:
        call.answered_at = at or now
    if call.is_over:
        call.ended_at = at or now
    call.save(update_fields=["state", "answered_at", "ended_at"])
    return call


def _take_key(call: Call, digit: str, at: datetime, client: ApiClient | None) -> None:
    if digit != rules.OPT_OUT_KEY:
        return
    if call.contact is None:
        raise WrongState(_("The contact of this call was deleted. Send the number itself to opt-outs, so that the refusal is kept."))
    record_opt_out(
        phone=call.contact.phone,
        channel=OptOut.Channel.KEY,
        evidence=f"call:{call.pk}",
        said_at=at,
        client=client,
        contact_id=call.contact_id,
    )
    mark_opted_out(call, at)


def mark_opted_out(call: Call, at: datetime) -> None:
    """Note on the call itself that it was the one in which the client opted out."""
    Call.objects.filter(pk=call.pk, opted_out_at__isnull=True).update(opted_out_at=at)


@transaction.atomic
def request_end(*, actor: User, call: Call) -> Call:
    """Ask the dialler to hang up; a call that no dialler holds is withdrawn."""
    call = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    if call.agent_id != actor.pk:
        raise NotAllowed()
    if call.is_over:
        return call
    if call.state == Call.State.RESERVED:
        call.state, call.ended_at = Call.State.WITHDRAWN, clock.now()
    call.end_requested_at = clock.now()
    call.save(update_fields=["state", "ended_at", "end_requested_at"])
    return call


def withdraw_numbers(*, number_indexes: list[bytes], opted_out_at: datetime, scope: str = "everything", scope_value: str = "") -> None:
    """After an opt-out, in its transaction: reservations fall, calls under way are told to end,
    queues drop the number. Of a refusal of one purpose or brand, in the campaigns that have it."""
    campaigns = _campaigns_of(scope, scope_value)
    calls = Call.objects.filter(campaigns, number_index__in=number_indexes)
    calls.filter(state=Call.State.RESERVED).update(state=Call.State.WITHDRAWN, ended_at=opted_out_at, opted_out_at=opted_out_at)
    calls.filter(state__in=Call.OPEN).update(end_requested_at=opted_out_at, opted_out_at=opted_out_at)
    entries = QueueEntry.objects.filter(campaigns, contact__number_index__in=number_indexes)
    entries.update(state=QueueEntry.State.DROPPED, held_by=None, held_until=None)


def withdraw_reservations(
    *, number_index: bytes | None = None, source: DataSource | None = None, purpose: Purpose | None = None, marketing_only: bool = False
) -> int:
    """In the transaction in which calling stops (consent withdrawn, a minor, a source withdrawn, an erasure): what was reserved and
    not dialled falls, calls under way are told to end. Returns how many."""
    calls = Call.objects.filter(state__in=Call.OPEN)
    if number_index is not None:
        calls = calls.filter(number_index=number_index)
    if source is not None:
        calls = calls.filter(contact__source=source)
    if purpose is not None:
        calls = calls.filter(campaign__purpose=purpose)
    if marketing_only:
        calls = calls.filter(campaign__kind="marketing")
    keys, now = list(calls.values_list("pk", flat=True)), clock.now()
    reserved = Call.objects.filter(pk__in=keys, state=Call.State.RESERVED)
    return reserved.update(state=Call.State.WITHDRAWN, ended_at=now) + Call.objects.filter(pk__in=keys, state__in=Call.OPEN).update(
        end_requested_at=now
    )


def _campaigns_of(scope: str, value: str) -> Q:
    if scope == OptOut.Scope.EVERYTHING:
        return Q()
    field = "purpose__code" if scope == OptOut.Scope.PURPOSE else "brand"
    return Q(campaign__in=Campaign.objects.filter(**{field: value}))


def expire_reservations(*, now: datetime | None = None) -> int:
    """Reservations that nobody used in time no longer count. Returns how many expired."""
    now = now or clock.now()
    return Call.objects.filter(state=Call.State.RESERVED, reserved_until__lte=now).update(state=Call.State.EXPIRED, ended_at=now)


def end_lost_calls(*, now: datetime | None = None) -> int:
    """Calls whose dialler fell silent are over, so that no agent waits for them for ever. They
    still count: the client may have been called. Returns how many ended."""
    now = now or clock.now()
    ended = 0
    for state, silence in SILENCE.items():
        over = Call.State.ENDED if state == Call.State.ANSWERED else Call.State.FAILED
        silent = Q(claimed_at__lte=now - silence) | Q(claimed_at__isnull=True, reserved_at__lte=now - silence)
        hung_up = Q(end_requested_at__lte=now - END_GRACE)
        ended += Call.objects.filter(silent | hung_up, state=state).update(state=over, ended_at=now)
    return ended
