"""A violation opens a corrective action in its transaction; a grave one takes its agent off the telephone
until it is closed (R30)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files
from apps.core.errors import BadInput, FourEyes, NotAllowed, NotFound, WrongState
from apps.core.privacy.free_text import checked_text
from apps.notifications.services import close_notices, notify
from apps.policies import queries as policies

from .. import queries
from ..models import ActionEvent, Complaint, CorrectiveAction, Recording, Review, Violation
from ..rules import timing

MOST_PROOF = 10 * 1024 * 1024
# What shows on the agent while it lasts; resuming asks whether an action is still open.
GRAVE = "grave_violation"


@transaction.atomic
def open_violation(
    *,
    actor: User,
    kind: str,
    gravity: str,
    note: str,
    owner: User,
    law: str,
    review: Review | None = None,
    complaint: Complaint | None = None,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> Violation:
    """Record what went against the rules, with its action, due by gravity; suspend the agent at once when it
    is grave.

    From a review (with the stretch of the recording that shows it) or a complaint. Raises `NotAllowed`,
    `NotFound`, `BadInput`, `FourEyes` when the owner is the agent, who may not correct what is to be checked
    in them.
    """
    if actor.role not in queries.STAFF:
        raise NotAllowed()
    source = review or complaint
    if source is None or source.agent is None or source.campaign_id is None:
        raise BadInput(_("A violation belongs to a call of an agent: choose the call first."))
    visible = queries.reviews_of(actor) if review else queries.complaints_of(actor)
    if not visible.filter(pk=source.pk).exists():
        raise NotFound()
    agent = source.agent
    if agent.pk in {actor.pk, owner.pk}:
        raise FourEyes(_("The agent concerned neither finds nor corrects it."))
    if kind not in Violation.Kind.values or gravity not in Violation.Gravity.values:
        raise BadInput(_("Choose what went wrong, and how grave it is."))
    if not queries.people_who_may_own(source.campaign_id).filter(pk=owner.pk).exists():
        raise BadInput(_("The owner runs the campaign, or is of compliance."))
    _check_stretch(source.call_id, start_ms, end_ms)
    now = clock.now()
    violation = Violation.objects.create(
        review=review, complaint=complaint, call_id=source.call_id, agent=agent,
        campaign_id=source.campaign_id,
        called_at=_when(source), kind=kind, gravity=gravity, start_ms=start_ms, end_ms=end_ms,
        note=checked_text(note, _("Say what happened.")),
        law=checked_text(law, _("Name the law or the rule."), most=80), found_by=actor,
        created_at=now,
    )  # fmt: skip
    due = timing.working_days_after(timezone.localdate(now), timing.TO_MEND[gravity], policies.calendar(now))
    action = CorrectiveAction.objects.create(violation=violation, owner=owner, due_on=due, created_at=now)
    _note(action, ActionEvent.Kind.OPENED, actor, "")
    notify(
        {owner, agent},
        "violation_found",
        thing=f"action:{action.pk}",
        what=_call_of(violation),
        kind=violation.kind,
        due=due.isoformat(),
    )
    if violation.is_grave:
        _suspend(violation)
    return violation


def _when(source: Review | Complaint) -> datetime:
    """The time of the call, as far as it is known."""
    if isinstance(source, Review):
        return source.called_at
    return source.call.answered_at or source.call.reserved_at if source.call else source.received_at


def _check_stretch(call_id: int | None, start_ms: int | None, end_ms: int | None) -> None:
    if start_ms is None:
        return
    recording = Recording.objects.filter(call=call_id).first()
    if (
        recording is None
        or end_ms is None
        or not 0 <= start_ms <= end_ms <= (recording.duration_ms or 0) + 1_000
    ):
        raise BadInput(_("The stretch lies beyond the end of the recording."))


def _suspend(violation: Violation) -> None:
    """Who is off the telephone for another reason stays so by that reason, also when this is corrected."""
    agent = violation.agent
    if agent.suspended_at is None or agent.suspended_for.startswith(GRAVE):
        accounts.suspend(actor=None, agent=agent, reason=f"{GRAVE}: violation.{violation.kind}")
    compliance = User.objects.filter(role=Role.COMPLIANCE, is_active=True)
    notify(compliance, "agent_grave", agent=str(violation.agent))


def _call_of(violation: Violation) -> str:
    return f"{violation.campaign.name}, {timezone.localtime(violation.called_at):%Y-%m-%d %H:%M}"


def _note(action: CorrectiveAction, kind: str, actor: User | None, note: str) -> None:
    ActionEvent.objects.create(action=action, kind=kind, actor=actor, note=note, created_at=clock.now())


def _locked(actor: User, action: CorrectiveAction) -> CorrectiveAction:
    if not queries.actions_of(actor).filter(pk=action.pk).exists():
        raise NotFound()
    return (
        CorrectiveAction.objects.select_for_update(of=("self",))
        .select_related("violation__agent", "owner")
        .get(pk=action.pk)
    )


@transaction.atomic
def report_done(
    *, actor: User, action: CorrectiveAction, measures: str, proof: str, file: bytes | None = None
) -> CorrectiveAction:
    """The owner says what was done and what shows it; another person checks it. A file is kept encrypted."""
    action = _locked(actor, action)
    if action.owner_id != actor.pk:
        raise NotAllowed(_("The owner of the action reports what was done."))
    if action.state != CorrectiveAction.State.OPEN:
        raise WrongState()
    action.measures = checked_text(measures, _("Say what was done."), most=1000)
    action.proof = checked_text(
        proof, _("Say what shows it: a training record, a new recording, a talk."), most=300
    )
    if file:
        if len(file) > MOST_PROOF:
            raise BadInput(_("The file has more than 10 MB."))
        action.proof_file = encrypted_files.put(file, folder="proofs")
    action.state, action.done_at = CorrectiveAction.State.DONE, clock.now()
    action.save()
    close_notices("violation_found", "action_reopened", "action_overdue", thing=f"action:{action.pk}")
    _note(action, ActionEvent.Kind.DONE, actor, action.measures)
    notify(
        {action.violation.found_by},
        "action_done",
        about=actor,
        thing=f"action:{action.pk}",
        what=_call_of(action.violation),
    )
    return action


@transaction.atomic
def check_action(*, actor: User, action: CorrectiveAction, is_corrected: bool, note: str) -> CorrectiveAction:
    """Another person than the owner sees whether it is corrected: closed, or sent back. The last grave one
    that is closed puts its agent back on the telephone, in the same transaction. Raises `FourEyes`,
    `WrongState`."""
    if actor.role not in queries.STAFF:
        raise NotAllowed()
    action = _locked(actor, action)
    if actor.pk in {action.owner_id, action.violation.agent_id}:
        raise FourEyes(_("Somebody else checks it: you corrected it."))
    if action.state != CorrectiveAction.State.DONE:
        raise WrongState()
    note = checked_text(note, _("Say what you checked."))
    close_notices("action_done", thing=f"action:{action.pk}")
    if not is_corrected:
        return _back(action, actor, note)
    action.state, action.checked_by, action.closed_at = CorrectiveAction.State.CLOSED, actor, clock.now()
    action.save()
    _note(action, ActionEvent.Kind.CLOSED, actor, note)
    agent = action.violation.agent
    if action.violation.is_grave and agent.suspended_for.startswith(GRAVE) and not has_grave(agent):
        accounts.resume(actor=actor, agent=agent)
    return action


def _back(action: CorrectiveAction, actor: User, note: str) -> CorrectiveAction:
    action.state, action.reopened = CorrectiveAction.State.OPEN, action.reopened + 1
    action.checked_by = action.closed_at = None
    action.save()
    _note(action, ActionEvent.Kind.REOPENED, actor, note)
    notify(
        {action.owner},
        "action_reopened",
        thing=f"action:{action.pk}",
        what=_call_of(action.violation),
        note=note,
    )
    return action


@transaction.atomic
def reopen(*, actor: User, action: CorrectiveAction, note: str) -> CorrectiveAction:
    """What was closed turns out not to be corrected: it is open again, and a grave one takes its agent off
    the telephone again."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    action = _locked(actor, action)
    if action.state != CorrectiveAction.State.CLOSED:
        raise WrongState()
    action = _back(action, actor, checked_text(note, _("Say why it is opened again.")))
    if action.violation.is_grave:
        _suspend(action.violation)
    return action


@transaction.atomic
def move_action(*, actor: User, action: CorrectiveAction, owner: User) -> CorrectiveAction:
    """Another owner. The due day does not move: it follows from the gravity."""
    if actor.role not in queries.STAFF:
        raise NotAllowed()
    action = _locked(actor, action)
    if action.state != CorrectiveAction.State.OPEN:
        raise WrongState()
    if (
        owner.pk == action.violation.agent_id
        or not queries.people_who_may_own(action.violation.campaign_id).filter(pk=owner.pk).exists()
    ):
        raise BadInput(_("The owner runs the campaign, or is of compliance."))
    action.owner = owner
    action.save(update_fields=["owner"])
    _note(action, ActionEvent.Kind.MOVED, actor, str(owner))
    notify(
        {owner},
        "violation_found",
        thing=f"action:{action.pk}",
        what=_call_of(action.violation),
        kind=action.violation.kind,
        due=action.due_on.isoformat(),
    )
    return action


def has_grave(agent: User) -> bool:
    """Whether a grave violation of the agent is not corrected yet: then nobody puts them back on the
    telephone."""
    return (
        CorrectiveAction.objects.filter(violation__agent=agent, violation__gravity="grave")
        .exclude(state="closed")
        .exists()
    )


@transaction.atomic
def escalate_overdue() -> int:
    """The day after it was due the supervisors of the campaign are notified, three days later compliance.
    Returns how many were."""
    today = timezone.localdate(clock.now())
    result = 0
    overdue = CorrectiveAction.objects.select_for_update(of=("self",), skip_locked=True).exclude(
        state=CorrectiveAction.State.CLOSED
    )
    for action in overdue.filter(due_on__lt=today, escalated__lt=2).select_related(
        "violation__agent", "owner"
    ):
        level = 2 if (today - action.due_on).days > 3 else 1
        if level <= action.escalated:
            continue
        people = {action.owner, *_above(action, level)}
        notify(
            people,
            "action_overdue",
            thing=f"action:{action.pk}",
            what=_call_of(action.violation),
            due=action.due_on.isoformat(),
        )
        _note(action, ActionEvent.Kind.ESCALATED, None, "")
        action.escalated = level
        action.save(update_fields=["escalated"])
        result += 1
    return result


def _above(action: CorrectiveAction, level: int) -> Any:
    runs = Q(role=Role.SUPERVISOR, campaignuserpermission__content_object=action.violation.campaign_id)
    return User.objects.filter(
        runs | Q(role=Role.COMPLIANCE) if level == 2 else runs, is_active=True
    ).distinct()
