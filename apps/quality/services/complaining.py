"""Complaints and disputes: recorded, timed, answered, closed with an outcome; and compared with a time before
(R31)."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.access.services import note_number
from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.calls.models import Call
from apps.campaigns import queries as campaigns
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.errors import BadInput, NotAllowed, NotFound, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers, phones
from apps.core.privacy.fields import without_values
from apps.core.privacy.free_text import blotted, checked_text, whole_text
from apps.core.privacy.protected import Protected
from apps.core.web.lenient_json import shortened
from apps.notifications.services import close_notices, notify
from apps.optouts.models import OptOut
from apps.optouts.services import record_opt_out
from apps.policies import queries as policies

from .. import queries, signals
from ..models import BasePeriod, Complaint, ComplaintEvent
from ..rules import timing

Kind = ComplaintEvent.Kind
END_OF_DAY = time(18, 0)
MOST_REFERENCE = 80


@transaction.atomic
def record_complaint(
    *,
    actor: User | None = None,
    client: ApiClient | None = None,
    channel: str,
    kind: str,
    text: str | Protected,
    phone: str | Protected | None = None,
    call: Call | None = None,
    received_at: datetime | None = None,
    is_dispute: bool = False,
    reference: str = "",
    owner: User | None = None,
    opts_out: bool = False,
) -> Complaint:
    """Record what a client complains of, with the call it is about, or the number and its last call; start
    its clock.

    What it is about is kept from deletion from now on. `opts_out` puts the number on the register in this
    transaction, also where the complaint is known: the same reference of the same channel and number is one
    complaint. Raises `BadInput`, `PersonalDataFound` for an ID or card number, `NotFound` for a call that is
    not the actor's to see.
    """
    if channel not in Complaint.Channel.values or kind not in Complaint.Kind.values:
        raise BadInput(_("Choose how it came, and what it is about."))
    now = clock.now()
    if received_at and received_at > now:
        raise BadInput(_("The complaint was received in the future."))
    # A program sends it once: its complaint, and the refusal in it, is not lost for a number in the text,
    # which is not kept.
    text = _checked(blotted(text) if actor is None and isinstance(text, str) else text)
    number, contact, call = _about(actor, phone, call)
    index = blind_index.number_index(number) if number else bytes(call.number_index) if call else None
    reference = shortened(reference.strip(), MOST_REFERENCE)
    known = _known(channel, reference)
    if known and index and known.number_index and bytes(known.number_index) != index:
        # The sender used its reference again, for somebody else.
        reference = f"{reference[: MOST_REFERENCE - 33]}~{blind_index.tag([index.hex()])}"
        known = _known(channel, reference)
    # who is named beside the call refuses too
    other = (phone if isinstance(phone, Protected) else phones.normalise(phone)) if call and phone else None
    if known:
        # said again later, it counts anew after a lift
        said_at = max(received_at or known.received_at, known.received_at)
        if opts_out and number is not None:
            _opt_out(known, number, contact, actor, client, said_at)
        if opts_out and other is not None:
            _opt_out(known, other, None, actor, client, said_at)
        return known
    if opts_out and number is None and other is None:
        raise BadInput(_("Without a number nobody can be put on the register: type it, or choose the call."))
    received = received_at or now
    calendar = policies.calendar(now)
    complaint = Complaint(
        channel=channel, kind=kind, text=text, is_dispute=is_dispute, reference=reference, contact=contact,
        call=call,
        number_index=index,
        campaign_id=call.campaign_id if call else None,
        script_version_id=call.script_version_id if call else None,
        agent_id=call.agent_id if call else None, received_at=received, created_at=now,
        answer_due=_by(received, timing.TO_ANSWER, calendar),
        due_at=_by(received, timing.TO_CLOSE[kind], calendar),
        recorded_by=actor,
    )  # fmt: skip
    complaint.owner = owner or _owner(complaint, actor)
    complaint.save()
    _note(complaint, Kind.OPENED, actor, "", received)
    if opts_out and number is not None:
        _opt_out(complaint, number, contact, actor, client, received)
    if opts_out and other is not None:
        _opt_out(complaint, other, None, actor, client, received)
    signals.complaint_opened.send(sender=Complaint, complaint=complaint)
    if actor is None or complaint.owner_id != actor.pk:
        notify(
            {complaint.owner}, "complaint_recorded", thing=f"complaint:{complaint.pk}", kind=complaint.kind
        )
    return complaint


def _known(channel: str, reference: str) -> Complaint | None:
    return Complaint.objects.filter(channel=channel, reference=reference).first() if reference else None


def _opt_out(
    complaint: Complaint, number: str | Protected, contact: Contact | None, actor: User | None,
    client: ApiClient | None, said_at: datetime,
) -> None:  # fmt: skip
    record_opt_out(
        phone=number, channel=OptOut.Channel.COMPLAINT, evidence=f"complaint:{complaint.pk}",
        said_at=said_at,
        recorded_by=actor, client=client, contact_id=contact.pk if contact else None,
    )  # fmt: skip
    complaint.has_opted_out = True
    complaint.save(update_fields=["has_opted_out"])


def _checked(text: str | Protected) -> str | Protected:
    """The client's words. A value that is protected already was checked on its way in."""
    if isinstance(text, Protected):
        return text
    text = whole_text(text, 4_000)
    if not text:
        raise BadInput(_("Say what the client complains of."))
    if forbidden_numbers.find(text):
        raise PersonalDataFound(
            _("A resident-ID or bank-card number stands in your text. Remove it: it may not be kept (R1).")
        )
    return text


def _about(
    actor: User | None, phone: str | Protected | None, call: Call | None
) -> tuple[str | Protected | None, Contact | None, Call | None]:
    """The number, the contact and the call of a complaint, as far as they are known."""
    if (
        call is not None
        and actor is not None
        and not campaigns.campaigns_of(actor).filter(pk=call.campaign_id).exists()
    ):
        raise NotFound()
    if call is not None:
        return (call.contact.phone if call.contact else None), call.contact, call
    if not phone:
        return None, None, None
    number = phone if isinstance(phone, Protected) else phones.normalise(phone)
    if actor is not None:
        # the page says whether somebody here has it; a complaint is never refused for that
        note_number(actor=actor, number=number)
    index = blind_index.number_index(number)
    calls = Call.objects.filter(number_index=index).exclude(state__in=Call.UNUSED)
    if actor is not None:  # a call of another's campaign is compliance's to link
        calls = calls.filter(campaign__in=campaigns.campaigns_of(actor))
    last = calls.order_by("-reserved_at").first()
    return number, Contact.objects.filter(number_index=index).order_by("pk").first(), last


def _by(received: datetime, working_days: int, calendar: Any) -> datetime:
    zone = timezone.get_default_timezone()
    day = timing.working_days_after(received.astimezone(zone).date(), working_days, calendar)
    return datetime.combine(day, END_OF_DAY, zone)


def _owner(complaint: Complaint, actor: User | None) -> User:
    """Whoever records it, unless that is an agent or a program: then a supervisor of the campaign, else
    compliance."""
    if actor is not None and actor.role in queries.STAFF:
        return actor
    owners = queries.people_who_may_own(complaint.campaign_id)
    runs = Q(campaignuserpermission__content_object=complaint.campaign_id)
    found = owners.filter(runs).first() or owners.filter(role=Role.COMPLIANCE).first()
    if found is None:
        raise BadInput(
            _("Nobody can handle the complaint: there is no supervisor and no compliance officer.")
        )
    return found


def _note(complaint: Complaint, kind: str, actor: User | None, note: str, at: datetime | None = None) -> None:
    ComplaintEvent.objects.create(
        complaint=complaint, kind=kind, actor=actor, note=note, created_at=at or clock.now()
    )


def _locked(actor: User, complaint: Complaint) -> Complaint:
    if not queries.complaints_of(actor).filter(pk=complaint.pk).exists():
        raise NotFound()
    locked = Complaint.objects.select_for_update(of=("self",)).select_related("owner").get(pk=complaint.pk)
    if actor.role != Role.COMPLIANCE and locked.owner_id != actor.pk:
        raise NotAllowed(_("Its owner, or compliance, handles the complaint."))
    return locked


STEPS: Mapping[str, tuple[frozenset[str], str]] = {
    Kind.ANSWERED: (frozenset({"open", "paused"}), ""),
    Kind.NOTE: (frozenset({"open", "paused"}), ""),
    Kind.PAUSED: (frozenset({"open"}), Complaint.State.PAUSED),
    Kind.RESUMED: (frozenset({"paused"}), Complaint.State.OPEN),
}


@transaction.atomic
def step(*, actor: User, complaint: Complaint, kind: str, note: str) -> Complaint:
    """A first answer, a note, a wait for the client (the clock stands), its end. Raises `WrongState` where it
    does not fit."""
    complaint = _locked(actor, complaint)
    if (
        kind not in STEPS
        or complaint.state not in STEPS[kind][0]
        or (kind == Kind.ANSWERED and complaint.answered_at)
    ):
        raise WrongState()
    complaint.state = STEPS[kind][1] or complaint.state
    if kind == Kind.ANSWERED:
        complaint.answered_at = clock.now()
    complaint.save(update_fields=["state", "answered_at"])
    _note(complaint, kind, actor, checked_text(note, _("Say what was done.")))
    return complaint


@transaction.atomic
def move_complaint(*, actor: User, complaint: Complaint, owner: User) -> Complaint:
    complaint = _locked(actor, complaint)
    if not queries.people_who_may_own(complaint.campaign_id).filter(pk=owner.pk).exists():
        raise BadInput(_("The owner runs the campaign, or is of compliance."))
    complaint.owner = owner
    complaint.save(update_fields=["owner"])
    _note(complaint, Kind.MOVED, actor, str(owner))
    notify({owner}, "complaint_recorded", thing=f"complaint:{complaint.pk}", kind=complaint.kind)
    return complaint


@transaction.atomic
def link_call(*, actor: User, complaint: Complaint, call: Call) -> Complaint:
    """The call that it is about, found later: its agent and script come with it, and it is kept from
    deletion."""
    complaint = _locked(actor, complaint)
    if not campaigns.campaigns_of(actor).filter(pk=call.campaign_id).exists():
        raise NotFound()
    if complaint.number_index is not None and bytes(complaint.number_index) != bytes(call.number_index):
        raise BadInput(_("That call went to another number than the complaint came from."))
    complaint.call, complaint.number_index, complaint.contact_id = call, call.number_index, call.contact_id
    complaint.campaign_id, complaint.script_version_id, complaint.agent_id = (
        call.campaign_id,
        call.script_version_id,
        call.agent_id,
    )
    complaint.save()
    _note(complaint, Kind.NOTE, actor, call.public_id)
    return complaint


@transaction.atomic
def close_complaint(*, actor: User, complaint: Complaint, outcome: str, remedy: str) -> Complaint:
    """Close it with what came of it and what the client was given. What it kept from deletion is dropped."""
    complaint = _locked(actor, complaint)
    if complaint.state == Complaint.State.CLOSED:
        raise WrongState()
    if outcome not in Complaint.Outcome.values:
        raise BadInput(_("Choose the outcome."))
    now = clock.now()
    protected: Any = complaint
    protected.remedy = _checked(remedy)
    complaint.answered_at = complaint.answered_at or now
    complaint.state, complaint.outcome, complaint.closed_at = Complaint.State.CLOSED, outcome, now
    _note(complaint, Kind.CLOSED, actor, "", now)
    complaint.handled_seconds = int(
        timing.handled(list(complaint.events.values_list("kind", "created_at"))).total_seconds()
    )
    complaint.save()
    signals.complaint_closed.send(sender=Complaint, complaint=complaint, actor=actor)
    close_notices("complaint_recorded", thing=f"complaint:{complaint.pk}")
    close_notices("complaint_overdue", complaint=complaint.public_id)
    return complaint


@transaction.atomic
def reopen_complaint(*, actor: User, complaint: Complaint, note: str) -> Complaint:
    """The client is not content: the clock goes on from where it stood."""
    complaint = _locked(actor, complaint)
    if complaint.state != Complaint.State.CLOSED:
        raise WrongState()
    complaint.state, complaint.outcome, complaint.closed_at, complaint.handled_seconds = (
        Complaint.State.OPEN,
        "",
        None,
        None,
    )
    complaint.escalated = False
    complaint.save()
    _note(complaint, Kind.REOPENED, actor, checked_text(note, _("Say why it is opened again.")))
    signals.complaint_opened.send(sender=Complaint, complaint=complaint)
    return complaint


@transaction.atomic
def escalate_complaints() -> int:
    """Compliance is notified, once, of a complaint that is past its day (one that waits for the client is
    not). Returns how many."""
    overdue = Complaint.objects.select_for_update(of=("self",), skip_locked=True).select_related("owner")
    late = Q(due_at__lt=clock.now()) | Q(answered_at__isnull=True, answer_due__lt=clock.now())
    result = 0
    for complaint in without_values(overdue).filter(late, state=Complaint.State.OPEN, escalated=False):
        notify(
            {complaint.owner, *User.objects.filter(role=Role.COMPLIANCE, is_active=True)},
            "complaint_overdue",
            complaint=complaint.public_id,
        )
        _note(complaint, Kind.ESCALATED, None, "")
        complaint.escalated = True
        complaint.save(update_fields=["escalated"])
        result += 1
    return result


def note_complaint_of_desk(*, actor: User, call: Call, note: Protected | None) -> Complaint:
    """The agent's result of a call is "complained": it becomes a complaint, in the same transaction."""
    text: str | Protected = note or _("The client complained in the call; the agent wrote no note.")
    return record_complaint(
        actor=actor, channel=Complaint.Channel.AGENT, kind=Complaint.Kind.OTHER, text=text, call=call
    )


@transaction.atomic
def record_base(*, actor: User, **values: Any) -> BasePeriod:
    """Figures of a time to compare with, and where they come from. Raises `NotAllowed`, ValidationError."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    base = BasePeriod(recorded_by=actor, **values)
    base.full_clean()
    base.save()
    return base


@transaction.atomic
def base_of_ours(*, actor: User, name: str, since: Any, until: Any) -> BasePeriod:
    """The same from our own tables."""
    zone = timezone.get_default_timezone()
    start, end = (datetime.combine(day, time.min, zone) for day in (since, until + timedelta(days=1)))
    found = queries.figures(start, end)
    if not found.calls or found.hours is None:
        raise BadInput(_("There are no connected calls, or no closed complaints, in that time."))
    return record_base(
        actor=actor, name=name, since=since, until=until, calls=found.calls, complaints=found.complaints,
        handling_hours=round(found.hours, 2), origin=_("counted by Hegui"),
    )  # fmt: skip


def compared(base: BasePeriod | None, since: datetime, until: datetime) -> dict[str, Any]:
    """A time beside the base period: complaints of 10,000 connected calls, mean hours, the change of both,
    the norm's own case."""
    now = queries.figures(since, until)
    before = timing.Figures(base.calls, base.complaints, float(base.handling_hours)) if base else None
    return {
        "base": base,
        "before": before,
        "now": now,
        "rate": timing.change(before.rate, now.rate) if before else None,
        "hours": timing.change(before.hours, now.hours) if before else None,
        "norm_rate": timing.NORM_RATE,
        "norm_hours": timing.NORM_TIME,
    }
