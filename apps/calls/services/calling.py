"""Reservations and calls: claimed by a dialler, moved by its events, ended, expired.

Whoever touches a number takes its lock first and its rows afterwards; the gate does the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.campaigns.models import Campaign, QueueEntry
from apps.contacts.models import DataSource, Purpose
from apps.contacts.services import note_withdrawal
from apps.core.calendar import clock
from apps.core.database.locks import lock_number
from apps.core.database.prepared_statements import run_together
from apps.core.errors import BadInput, NotAllowed, NotFound, WrongState
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected
from apps.optouts.models import OptOut
from apps.optouts.services import record_opt_out

from .. import rules
from ..models import Call
from .deciding import hand_over, is_still_allowed

# After how long without a report a call is over: nothing more is coming of it.
SILENCE = {
    Call.State.DIALLING: timedelta(minutes=3),
    Call.State.RINGING: timedelta(minutes=3),
    Call.State.ANSWERED: timedelta(hours=4),
}
# How long a dialler has to hang up once it was asked to.
MOST_RELEASED = 3  # times a day that a number which was handed out is free again
END_GRACE = timedelta(minutes=1)
# A gateway that was away ends the call when it is back: until then it is one that has to end.
END_GRACE_OF_GATEWAY = timedelta(minutes=15)
# How many waiting calls a claim looks at that the gate no longer allows.
MOST_CANDIDATES = 20


def claim_call(
    *, client: ApiClient, key: str | None = None, now: datetime | None = None
) -> tuple[Call, Protected] | None:
    """Hand the oldest call that waits at a desk to a dialler, once; None when none waits.

    The gate is asked again for each: what it no longer allows is withdrawn and not handed over. The same
    `key` again gets the same call, as long as it may still be made: an answer that was lost on its way is not
    a call lost. The handing over of the number is in the trail, in the same transaction.
    """
    now = now or clock.now()
    if key and (claimed := Call.objects.filter(client=client, claim_key=key).first()):
        return _claimed_before(claimed, client, now)
    waiting = Call.objects.filter(
        state=Call.State.RESERVED,
        claimed_at__isnull=True,
        client__isnull=True,
        agent__isnull=False,
        reserved_until__gt=now,
        campaign__clients=client,
    )
    for pk, index in waiting.order_by("reserved_at").values_list("pk", "number_index")[:MOST_CANDIDATES]:
        if handed := _claim(pk, bytes(index), client, key, now):
            return handed
    return None


@transaction.atomic
def _claimed_before(claimed: Call, client: ApiClient, now: datetime) -> tuple[Call, Protected]:
    lock_number(bytes(claimed.number_index))
    claimed = Call.objects.select_related("contact").get(pk=claimed.pk)
    is_open = not claimed.is_over and not claimed.end_requested_at and claimed.reserved_until > now
    if claimed.contact is None or not is_open or not is_still_allowed(claimed, now):
        raise WrongState(_("The call claimed under this key may no longer be made."))
    run_together(hand_over(client_id=client.pk, call=claimed.public_id))
    return claimed, claimed.contact.phone


@transaction.atomic
def _claim(
    pk: int, index: bytes, client: ApiClient, key: str | None, now: datetime
) -> tuple[Call, Protected] | None:
    """Claim one waiting call, unless another dialler was quicker or the gate has changed its mind."""
    lock_number(index)
    waiting = Call.objects.select_for_update(of=("self",), skip_locked=True).select_related("contact")
    call = waiting.filter(pk=pk, state=Call.State.RESERVED, claimed_at__isnull=True).first()
    if call is None or call.contact is None:
        return None
    if not is_still_allowed(call, now):
        call.state, call.ended_at = Call.State.WITHDRAWN, now
        call.save(update_fields=["state", "ended_at"])
        return None
    call.client, call.claimed_at, call.handed_over_at, call.state, call.claim_key = (
        client,
        now,
        now,
        Call.State.DIALLING,
        key,
    )
    call.save(update_fields=["client", "claimed_at", "handed_over_at", "state", "claim_key"])
    run_together(hand_over(client_id=client.pk, call=call.public_id))
    return call, call.contact.phone


@dataclass(frozen=True)
class TakenEvent:
    """An event that was taken in. `ignored` names what of it could not be true or changes nothing: `at`,
    `released`, `event`, `digit` (a key 9 whose number is not known any more: the contact was deleted).
    """

    call: Call
    ignored: tuple[str, ...] = ()


@transaction.atomic
def record_event(
    *, call_id: int, event: str, client: ApiClient | None, at: datetime | None = None, digit: Any = ""
) -> TakenEvent:
    """Take in what a dialler reports: missing, doubled, late or out of order. What may have been dialled
    counts.

    A key press that holds a 9, reported with whatever event, puts the number on the register in this
    transaction, whatever its time. With the first event the gate is asked again; what it no longer allows is
    to be ended (`end_requested_at`). Raises `NotFound` for a call that is not the client's, `BadInput` for an
    event that does not exist.
    """
    if event not in rules.EVENTS:
        raise BadInput(_("There is no such event. Known are: %(events)s."), events=", ".join(rules.EVENTS))
    found = Call.objects.filter(pk=call_id).only("number_index").first()
    if found is None:
        raise NotFound()
    lock_number(bytes(found.number_index))
    call = Call.objects.select_for_update(of=("self",)).select_related("contact").get(pk=call_id)
    if client is not None and not call.is_of(client):
        raise NotFound()
    now = clock.now()
    if client is not None and call.relayed_by_id not in {None, client.pk}:
        return _of_relayed(call, client, digit, now)
    moment, is_possible = rules.time_of_event(at, reserved_at=call.reserved_at, now=now)
    ignored = [] if is_possible else ["at"]
    before = rules.Progress(call.state, call.made_at, call.answered_at, call.ended_at)
    is_too_late = event == "released" and not (_is_same_day(call, now) and _may_be_released(call))
    known = before if is_too_late else rules.after(before, event, moment)
    if event == "released" and known.state != Call.State.RELEASED:
        ignored.append("event")
    if known != before:
        _move(call, before, known, now)
    _hold(call, event, moment)
    if rules.holds_opt_out_key(digit):
        ignored += _press(call, min(moment, now), client)
    return TakenEvent(call, tuple(ignored))


def _of_relayed(call: Call, client: ApiClient, digit: Any, now: datetime) -> TakenEvent:
    """What a dialler says of a call that a gateway leads: the gateway knows better what becomes of it, but a
    refusal counts."""
    pressed = _press(call, now, client) if rules.holds_opt_out_key(digit) else ()
    return TakenEvent(call, ("event", *pressed))


def _hold(call: Call, event: str, at: datetime) -> None:
    before = rules.Hold(call.held_for, call.held_since)
    after = rules.hold_after(before, event, at)
    if after != before:
        call.held_for, call.held_since = after.total, after.since
        call.save(update_fields=["held_for", "held_since"])


def _is_same_day(call: Call, now: datetime) -> bool:
    """Whether it is still the day, in the client's zone, whose slot the call has."""
    zones = call.contact.zones if call.contact else []
    return now.astimezone(ZoneInfo(zones[0] if zones else phones.HOME_ZONE)).date() == call.slot_day


def _may_be_released(call: Call) -> bool:
    """Whether a number that was handed out is given back for the first few times of the day. A dialler that
    says so again and again, truly or not, has used up the day of the number."""
    if call.handed_over_at is None:
        return True
    given_back = Call.objects.filter(
        number_index=call.number_index,
        slot_day=call.slot_day,
        state=Call.State.RELEASED,
        handed_over_at__isnull=False,
    )
    return given_back.count() < MOST_RELEASED


def _move(call: Call, before: rules.Progress, known: rules.Progress, now: datetime) -> None:
    """Store what is known of the call now. One that was taken for not dialled, and was, counts again."""
    was_free = before.state == Call.State.RELEASED or (
        before.state in Call.UNUSED and call.handed_over_at is None
    )
    if was_free and known.made_at:
        call.revived_at = now
        call.slot_number = _free_slot(call)
    if known.made_at and before.made_at is None and known.state in Call.OPEN:
        may_go_on = (
            before.state not in Call.UNUSED
            and call.reserved_until >= known.made_at
            and is_still_allowed(call, now)
        )
        call.end_requested_at = call.end_requested_at or (None if may_go_on else now)
    call.state, call.made_at, call.answered_at, call.ended_at = (
        known.state,
        known.made_at,
        known.answered_at,
        known.ended_at,
    )
    fields = ["state", "made_at", "answered_at", "ended_at", "end_requested_at", "revived_at", "slot_number"]
    call.save(update_fields=fields)


def _free_slot(call: Call) -> int:
    """The first slot of the day beside those of other calls to the number: more than one of them is no call
    that the gate allowed."""
    others = Call.objects.filter(
        Call.counted(), number_index=call.number_index, slot_day=call.slot_day
    ).exclude(pk=call.pk)
    taken = set(others.values_list("slot_number", flat=True))
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def refuse_in_call(
    call: Call,
    *,
    channel: str,
    said_at: datetime | None = None,
    client: ApiClient | None = None,
    recorded_by: User | None = None,
) -> OptOut | None:
    """The client of the call wants no more calls: the number is on the register, and the call says so.

    None when the contact was deleted meanwhile, and the number with it: what its holder agreed to before does
    not count any more. In the caller's transaction, under the number's lock.
    """
    if call.contact is None:
        note_withdrawal(bytes(call.number_index))
        opt_out, refused_at = None, said_at or clock.now()
    else:
        opt_out = record_opt_out(
            phone=call.contact.phone,
            channel=channel,
            evidence=f"call:{call.pk}",
            said_at=said_at,
            client=client,
            recorded_by=recorded_by,
            contact_id=call.contact_id,
        )
        # of an event that was reported again it is the time of the first
        refused_at = said_at or opt_out.said_at
    Call.objects.filter(pk=call.pk, opted_out_at__isnull=True).update(opted_out_at=refused_at)
    call.opted_out_at = call.opted_out_at or refused_at
    return opt_out


def _press(call: Call, at: datetime, client: ApiClient | None) -> tuple[str, ...]:
    """Key 9. Returns what of the event could not be used."""
    is_on_register = refuse_in_call(call, channel=OptOut.Channel.KEY, said_at=at, client=client)
    call.refresh_from_db()
    return () if is_on_register else ("digit",)


@transaction.atomic
def request_end(*, actor: User, call: Call) -> Call:
    """Ask the dialler to hang up; a call that no dialler holds is withdrawn."""
    call = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    if call.agent_id != actor.pk:
        raise NotAllowed()
    if call.is_over:
        return call
    if call.state == Call.State.RESERVED and call.handed_over_at is None:
        call.state, call.ended_at = Call.State.WITHDRAWN, clock.now()
        _back_into_the_queue([(call.campaign_id, call.contact_id)])
    call.end_requested_at = clock.now()
    call.save(update_fields=["state", "ended_at", "end_requested_at"])
    return call


def _back_into_the_queue(calls: Iterable[tuple[int, int | None]]) -> None:
    """Of a desk's call that nobody dialled the contact waits again: they were not called (R27)."""
    for campaign, contact in calls:
        QueueEntry.objects.filter(campaign=campaign, contact=contact, state=QueueEntry.State.CALLED).update(
            state=QueueEntry.State.WAITING
        )


def withdraw_numbers(
    *, number_indexes: list[bytes], opted_out_at: datetime, scope: str = "everything", scope_value: str = ""
) -> None:
    """After an opt-out, in its transaction: reservations fall, calls under way are asked to end,
    queues drop the number. Of a refusal of one purpose or brand, in the campaigns that have it."""
    campaigns = _campaigns_of(scope, scope_value)
    calls = Call.objects.filter(campaigns, number_index__in=number_indexes)
    now = clock.now()
    calls.filter(state=Call.State.RESERVED).update(
        state=Call.State.WITHDRAWN, ended_at=now, end_requested_at=now, opted_out_at=opted_out_at
    )
    calls.filter(state__in=Call.OPEN).update(end_requested_at=now, opted_out_at=opted_out_at)
    entries = QueueEntry.objects.filter(campaigns, contact__number_index__in=number_indexes)
    entries.update(state=QueueEntry.State.DROPPED, held_by=None, held_until=None)


def withdraw_reservations(
    *,
    number_index: bytes | None = None,
    source: DataSource | None = None,
    purpose: Purpose | None = None,
    marketing_only: bool = False,
    **named: Any,
) -> int:
    """In the transaction in which calling stops (a consent, source or script withdrawn, a minor, an erasure,
    a campaign paused, a line blocked, an agent suspended): what was reserved is withdrawn, calls under way
    are to be ended. `named`: the campaign, line, script version or agent of the calls. Returns how many."""
    calls = Call.objects.filter(state__in=Call.OPEN, **named)
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
    withdrawn = reserved.update(state=Call.State.WITHDRAWN, ended_at=now, end_requested_at=now)
    return withdrawn + Call.objects.filter(pk__in=keys, state__in=Call.OPEN).update(end_requested_at=now)


def _campaigns_of(scope: str, value: str) -> Q:
    if scope == OptOut.Scope.EVERYTHING:
        return Q()
    field = "purpose__code" if scope == OptOut.Scope.PURPOSE else "brand"
    return Q(campaign__in=Campaign.objects.filter(**{field: value}))


def expire_reservations(*, now: datetime | None = None) -> int:
    """Reservations that nobody used in time are over. Those whose number a dialler was given still count: it
    may have been dialled. Returns how many expired."""
    now = now or clock.now()
    over = Call.objects.filter(state=Call.State.RESERVED, reserved_until__lte=now)
    of_desks = list(
        over.filter(handed_over_at__isnull=True, agent__isnull=False).values_list("campaign_id", "contact_id")
    )
    expired = over.update(state=Call.State.EXPIRED, ended_at=now)
    _back_into_the_queue(of_desks)
    return expired


def end_lost_calls(*, now: datetime | None = None) -> int:
    """Calls whose dialler fell silent are over, so that no agent waits for them for ever. They
    still count: the client may have been called. Returns how many ended."""
    now = now or clock.now()
    ended = 0
    for state, silence in SILENCE.items():
        over = Call.State.ENDED if state == Call.State.ANSWERED else Call.State.FAILED
        silent = Q(claimed_at__lte=now - silence) | Q(claimed_at__isnull=True, reserved_at__lte=now - silence)
        hung_up = Q(end_requested_at__lte=now - END_GRACE, relayed_by__isnull=True) | Q(
            end_requested_at__lte=now - END_GRACE_OF_GATEWAY
        )
        ended += Call.objects.filter(silent | hung_up, state=state).update(state=over, ended_at=now)
    return ended
