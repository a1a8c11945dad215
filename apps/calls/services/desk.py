"""The agent's desk: the next contact, the call, the opt-out."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns import queries as campaigns
from apps.campaigns.models import Campaign, Line, QueueEntry
from apps.core.calendar import clock
from apps.core.database.locks import lock_agent, lock_number
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.core.privacy import phones
from apps.optouts.models import OptOut
from apps.optouts.services import record_opt_out

from ..models import Break, Call, Postponed
from .calling import refuse_in_call
from .deciding import Answer, authorize, preview

HOLD = timedelta(minutes=15)
KEPT = timedelta(minutes=30)  # what an agent put off waits so long for its agent, then others may take it
HOUR = timedelta(hours=1)
CANDIDATES = 200  # looked at for one request
ASK_AGAIN = timedelta(hours=1)
PLACE = ("state", "held_by", "held_until", "not_before")  # of an entry in its queue


class Unticked(BadInput):
    code = "checklist_missing"
    sentence = gettext_lazy("Tick every point of the check list before you call.")


def _require_agent(actor: User) -> None:
    if actor.role != Role.AGENT or not actor.is_active:
        raise NotAllowed()


def line_for(campaign: Campaign, now: datetime, *, later: bool = False) -> Line | None:
    """The line for the next call of a campaign: verified, under a filing in force, within its budget; of
    those the one used least of late, so that the calls spread over all. None when there is none. `later`: for
    a call at `now` that is still to come, whose budget is not used up yet."""
    home = ZoneInfo(phones.HOME_ZONE)
    today = now.astimezone(home).date()
    midnight = datetime.combine(today, time(), home)
    usable = list(
        campaign.lines.filter(
            state=Line.State.VERIFIED, filing__valid_from__lte=today, filing__valid_until__gte=today
        )
    )
    # of today, not of the table
    calls = Call.objects.filter(Call.counted(), line__in=usable, reserved_at__gte=min(midnight, now - HOUR))
    of_day, of_hour = (
        Count("pk", filter=Q(reserved_at__gte=midnight)),
        Count("pk", filter=Q(reserved_at__gt=now - HOUR)),
    )
    used = {
        line: (day, hour)
        for line, day, hour in calls.values_list("line").annotate(of_day=of_day, of_hour=of_hour)
    }

    def is_within(line: Line) -> bool:
        day, hour = used.get(line.pk, (0, 0))
        return (line.calls_per_hour is None or hour < line.calls_per_hour) and (
            line.calls_per_day is None or day < line.calls_per_day
        )

    free = usable if later else [line for line in usable if is_within(line)]
    return min(free, key=lambda line: (used.get(line.pk, (0, 0))[0], line.pk), default=None)


def held_entry(actor: User, now: datetime, *, lock: bool = False) -> QueueEntry | None:
    """What lies on the desk. `lock`: it is going to be changed, and neither an opt-out nor an erasure comes
    between."""
    held = QueueEntry.objects.select_related("campaign", "contact", "campaign__script", "contact__source")
    held = held.filter(held_by=actor, state=QueueEntry.State.HELD, held_until__gt=now)
    return (held.select_for_update(of=("self",)) if lock else held).first()


def hold_next(*, actor: User, now: datetime | None = None) -> QueueEntry | None:
    """Put the next contact that may be called on the agent's desk; None when there is none.

    Two agents never get the same one. What the gate refuses now goes back into the queue and is
    asked again when its reason passes; it never appears, also when it lay on the desk already. One row is
    held at a time, each in a transaction of its own, so that agents who ask together do not wait for each
    other.
    """
    _require_agent(actor)
    now = now or clock.now()
    if (held := _keep_held(actor, now)) or actor.suspended_at or break_of(actor):
        return held
    for _candidate in range(CANDIDATES):
        entry, is_held = _try_next(actor, now)
        if entry is None or is_held:
            return entry
    return None


def break_of(actor: User) -> Break | None:
    """The break that the agent takes now."""
    return Break.objects.filter(agent=actor, ended_at__isnull=True).first()


@transaction.atomic
def _keep_held(actor: User, now: datetime) -> QueueEntry | None:
    """What lies on the desk already, if it may still be called; else it goes back."""
    lock_agent(actor.pk)
    if actor.suspended_at:
        free_desk(actor)
        return None
    if (held := held_entry(actor, now, lock=True)) and hold_for(held, actor, now).allowed:
        return held
    _free_lapsed(actor, now)
    return None


@transaction.atomic
def _try_next(actor: User, now: datetime) -> tuple[QueueEntry | None, bool]:
    """The first waiting entry that nobody else looks at, and whether it lies on the desk now; refused, it
    waits for its reason to pass.

    What the agent put off until now comes first; what others put off waits for them a while (`Postponed`).
    """
    lock_agent(actor.pk)
    if (held := held_entry(actor, now)) is not None:
        return held, True  # another page of the same agent was quicker
    if break_of(actor):  # begun meanwhile
        return None, False
    free = Q(state=QueueEntry.State.WAITING) | Q(state=QueueEntry.State.HELD, held_until__lte=now)
    waiting = (
        QueueEntry.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("campaign", "contact", "campaign__script", "contact__source")
        .filter(free, campaign__in=campaigns.campaigns_of(actor), campaign__state=Campaign.State.RUNNING)
        .filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
    )
    entry = waiting.filter(postponed__agent=actor).order_by("postponed__at", "pk").first()
    entry = entry or waiting.exclude(postponed__at__gt=now - KEPT).order_by("-priority", "pk").first()
    return (entry, hold_for(entry, actor, now).allowed) if entry else (None, False)


def hold_for(entry: QueueEntry, actor: User, now: datetime) -> Answer:
    """Ask the gate; hold the entry for the agent, or put it back until the reason may have passed."""
    line = line_for(entry.campaign, now)
    answer = preview(
        campaign=entry.campaign.code, phone=entry.contact.phone, line=line.number if line else "", at=now
    )
    if answer.allowed:
        entry.state, entry.held_by, entry.held_until = QueueEntry.State.HELD, actor, now + HOLD
    else:
        entry.state, entry.held_by, entry.held_until = QueueEntry.State.WAITING, None, None
        entry.not_before = _when_to_ask_again(answer, now)
    entry.save(update_fields=PLACE)
    return answer


def _when_to_ask_again(answer: Answer, now: datetime) -> datetime:
    """No sooner than every reason that can be dated has passed."""
    dated = [datetime.fromisoformat(reason["retry_at"]) for reason in answer.reasons if reason["retry_at"]]
    return max([now + ASK_AGAIN, *dated]) if len(dated) < len(answer.reasons) else max(dated)


def _free_lapsed(actor: User, now: datetime) -> None:
    QueueEntry.objects.filter(held_by=actor, state=QueueEntry.State.HELD, held_until__lte=now).update(
        state=QueueEntry.State.WAITING, held_by=None, held_until=None
    )


def free_desk(actor: User) -> None:
    """Whoever lies on the desk goes back to the others."""
    QueueEntry.objects.filter(held_by=actor, state=QueueEntry.State.HELD).update(
        state=QueueEntry.State.WAITING, held_by=None, held_until=None
    )


@transaction.atomic
def place_call(*, actor: User, entry_id: int, ticked: set[int]) -> Answer:
    """Ask the gate for the contact on the desk. `ticked` are the points of the check list, from 1. Raises
    `Unticked`."""
    _require_agent(actor)
    entry = held_entry(actor, clock.now())
    if entry is None or entry.pk != entry_id:
        raise WrongState(_("This contact is no longer on your desk. Take the next one."))
    if not ticked >= set(range(1, len(entry.campaign.checklist) + 1)):
        raise Unticked()
    line = line_for(entry.campaign, clock.now())
    answer = authorize(
        campaign=entry.campaign.code,
        phone=entry.contact.phone,
        line=line.number if line else "",
        agent=actor,
        checklist_done=True,
    )
    if answer.allowed:
        QueueEntry.objects.filter(pk=entry.pk).update(
            state=QueueEntry.State.CALLED, held_by=None, held_until=None
        )
        Postponed.objects.filter(entry=entry).delete()
    elif {reason["code"] for reason in answer.reasons} - {"previous_call_open"}:
        # By its state, not as it was read: while the gate was asked, an opt-out may have taken it out of the
        # queue.
        QueueEntry.objects.filter(pk=entry.pk, held_by=actor, state=QueueEntry.State.HELD).update(
            state=QueueEntry.State.WAITING,
            held_by=None,
            held_until=None,
            not_before=_when_to_ask_again(answer, clock.now()),
        )
    return answer


def open_call(actor: User) -> Call | None:
    """The call that the agent is on, or whose result is still to be written."""
    now = clock.now()
    return (
        Call.objects.select_related("campaign", "contact", "script_version", "line")
        # of whom was erased nothing more is written
        .filter(agent=actor, disposition__isnull=True, contact__isnull=False)
        .exclude(state__in=Call.UNUSED)
        .exclude(state=Call.State.RESERVED, reserved_until__lte=now)
        .order_by("-reserved_at")
        .first()
    )


@transaction.atomic
def opt_out_on_desk(*, actor: User, said_at: datetime | None = None) -> None:
    """The client on the agent's desk, in the call or before it, wants no more calls."""
    _require_agent(actor)
    if call := open_call(actor):
        lock_number(bytes(call.number_index))
        refuse_in_call(call, channel=OptOut.Channel.AGENT, recorded_by=actor, said_at=said_at)
    elif entry := held_entry(actor, clock.now()):
        record_opt_out(
            phone=entry.contact.phone,
            channel=OptOut.Channel.AGENT,
            evidence=f"desk:{entry.pk}",
            recorded_by=actor,
            said_at=said_at,
            contact_id=entry.contact_id,
        )
    else:
        raise WrongState(_("There is nobody on your desk to opt out."))
