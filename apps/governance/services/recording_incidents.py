"""An incident from its discovery to its closing: facts, time line, tasks, the decision about the persons
(R37; PIPL, article 57)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.audit.models import Alarm
from apps.audit.services import close_alarm, take_alarm
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text
from apps.core.wording import join_items
from apps.jobs.models import Job
from apps.notifications.services import count_messages, notify

from ..models import Incident, IncidentEntry, IncidentNotice, IncidentTask
from ..rules.closing import CONTENTS, IncidentFacts, missing_to_close
from ..wording import LACKS

Entry, State, ToPersons = IncidentEntry.Kind, Incident.State, Incident.ToPersons
RECORDERS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN)
BEFORE_ALARM = timedelta(days=1)  # how far back the scope of an alarm's incident begins
AUTHORITY_WITHIN = timedelta(hours=4)  # the law says "at once"; then its owner is reminded
TEXTS = (*CONTENTS, "lessons")


@transaction.atomic
def record_incident(
    *, actor: User, kind: str, title: str, discovered_at: datetime, since: datetime, until: datetime,
    person: User | None = None,
    client: ApiClient | None = None, is_drill: bool = False, alarm: Alarm | None = None,
) -> Incident:  # fmt: skip
    """Begin one; compliance owns it. Times are aware. Raises `NotAllowed`, `BadInput` for times that cannot
    be."""
    if actor.role not in RECORDERS:
        raise NotAllowed()
    now = clock.now()
    if not since <= until or max(discovered_at, until) > now:
        raise BadInput(_("Data is touched before it is discovered, and neither lies ahead: check the times."))
    owner = (
        actor
        if actor.role == Role.COMPLIANCE
        else _compliance().exclude(pk=person.pk if person else 0).order_by("pk").first()
    )
    if owner is None:
        raise BadInput(_("Nobody of compliance is there to own the incident. Ask an admin."))
    made = Incident.objects.create(
        kind=kind, title=checked_text(title, _("Say in one line what happened."), most=120),
        discovered_at=discovered_at, since=since,
        until=until, person=person, client=client, is_drill=is_drill, alarm=alarm, owner=owner,
        opened_by=actor, created_at=now,
    )  # fmt: skip
    _enter(made, actor, Entry.OPENED)
    notify(_officers(made).exclude(pk=actor.pk), "incident_recorded", incident=made.public_id)
    return made


def _compliance() -> Any:
    return User.objects.filter(role=Role.COMPLIANCE, is_active=True)


def _officers(incident: Incident) -> Any:
    """Those of compliance whom the incident is not about."""
    return _compliance().exclude(pk=incident.person_id or 0)


@transaction.atomic
def incident_of_alarm(*, actor: User, alarm: Alarm) -> Incident:
    """One step from an alarm: the incident knows whom it is about and when; the alarm is closed with it.
    Raises as `close_alarm`."""
    alarm = take_alarm(actor=actor, alarm=alarm)
    now = clock.now()
    found = min(alarm.created_at, now)
    made = record_incident(
        actor=actor, kind=Incident.Kind.LEAK, title=f"{alarm.about}: {alarm.sentence}"[:120],
        discovered_at=found,
        since=found - BEFORE_ALARM, until=min(max(alarm.last_at, found), now), person=alarm.person,
        client=alarm.client, alarm=alarm,
    )  # fmt: skip
    close_alarm(actor=actor, alarm=alarm, verdict=Alarm.Verdict.INCIDENT, note=made.public_id)
    return made


def _enter(incident: Incident, actor: User | None, kind: str, note: str = "") -> None:
    IncidentEntry.objects.create(
        incident=incident, kind=kind, actor=actor, note=note[:500], created_at=clock.now()
    )


def locked(actor: User, incident: Incident, *states: str) -> Incident:
    """The incident, for compliance alone, and for nobody whom it is about. Raises `NotAllowed`,
    `WrongState`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if found.person_id == actor.pk:
        raise NotAllowed(_("The incident is about you: somebody else handles it."))
    if found.state not in (states or (State.OPEN,)):
        raise WrongState()
    return found


@transaction.atomic
def note_incident(*, actor: User, incident: Incident, note: str) -> Incident:
    incident = locked(actor, incident)
    _enter(incident, actor, Entry.NOTE, checked_text(note, _("Write a note."), most=500))
    return incident


@transaction.atomic
def change_facts(
    *, actor: User, incident: Incident, texts: Mapping[str, str], since: datetime, until: datetime,
    person: User | None,
    client: ApiClient | None,
) -> Incident:  # fmt: skip
    """What is known by now. Another time or another suspect: the scope has to be determined again. Raises as
    `locked`, `BadInput`."""
    incident = locked(actor, incident)
    if not since <= until <= clock.now():
        raise BadInput(_("Data is touched before it is discovered, and neither lies ahead: check the times."))
    if person is not None and person.pk == actor.pk:
        raise NotAllowed(_("The incident is about you: somebody else handles it."))
    for name in TEXTS:
        setattr(incident, name, checked_text(texts.get(name, ""), most=1000))
    bounds = (since, until, person, client)
    if bounds != (incident.since, incident.until, incident.person, incident.client):
        incident.since, incident.until, incident.person, incident.client = bounds
        incident.persons = incident.scoped_at = None
    if person is not None and incident.owner_id == person.pk:
        incident.owner = actor
    incident.save()
    _enter(incident, actor, Entry.FACTS)
    return incident


@transaction.atomic
def add_task(*, actor: User, incident: Incident, text: str, owner: User, due_on: date) -> IncidentTask:
    """A measure for somebody to carry out. Raises as `locked`, `BadInput`."""
    incident = locked(actor, incident)
    if due_on < timezone.localdate(clock.now()):
        raise BadInput(_("The day that it is due on is over."))
    if owner.pk == incident.person_id:
        raise NotAllowed(_("The incident is about this person: somebody else carries out the task."))
    made = IncidentTask.objects.create(
        incident=incident, text=checked_text(text, _("Say what is to be done."), most=300), owner=owner,
        due_on=due_on,
        created_at=clock.now(),
    )  # fmt: skip
    _enter(incident, actor, Entry.TASK, made.text)
    notify([owner], "incident_task", due=due_on.isoformat())
    return made


@transaction.atomic
def finish_task(*, actor: User, task: IncidentTask) -> IncidentTask:
    """By its owner, or by compliance. Raises `NotAllowed`, `WrongState`."""
    task = IncidentTask.objects.select_for_update(of=("self",)).select_related("incident").get(pk=task.pk)
    if (task.owner_id != actor.pk and actor.role != Role.COMPLIANCE) or task.incident.person_id == actor.pk:
        raise NotAllowed()
    if task.done_at is not None or task.incident.state != State.OPEN:
        raise WrongState()
    task.done_at = clock.now()
    task.save()
    _enter(task.incident, actor, Entry.TASK, _("done: %(task)s") % {"task": task.text})
    return task


@transaction.atomic
def decide_about_persons(*, actor: User, incident: Incident, required: bool, why: str) -> Incident:
    """Whether the persons are notified: not when measures avert the harm (PIPL, article 57). Raises as
    `locked`, `BadInput`."""
    incident = locked(actor, incident)
    incident.to_persons = ToPersons.REQUIRED if required else ToPersons.NOT_REQUIRED
    incident.to_persons_why = checked_text(why, _("Say why."), most=500)
    incident.to_persons_by = actor
    incident.save()
    _enter(incident, actor, Entry.NOTICE, incident.to_persons_why)
    return incident


def what_is_missing(incident: Incident) -> list[str]:
    """Codes of what is to be done before it may be closed (`wording.LACKS`)."""
    return missing_to_close(
        IncidentFacts(
            texts={name: getattr(incident, name) for name in TEXTS}, is_drill=incident.is_drill,
            is_scoped=incident.scoped_at is not None,
            to_persons=incident.to_persons, notified=frozenset(_notified(incident)),
            open_tasks=incident.tasks.filter(done_at__isnull=True).count(),
        )
    )  # fmt: skip


def _notified(incident: Incident) -> set[str]:
    """To whom a notice was given. One to the persons stands for those who were known when it was given; one
    by short message once it was sent to each of them: what waits, or was given up, has reached nobody."""
    found = set()
    for notice in incident.notices.select_related("job", "incident"):
        if (
            notice.recipient == "authority"
            or (notice.job is None and incident.scoped_at and notice.created_at >= incident.scoped_at)
            or (notice.job is not None and notice.job.state == Job.State.DONE and _has_reached_all(notice))
        ):
            found.add(notice.recipient)
    return found


def messages_of(notice: IncidentNotice) -> str:
    """The name under which the short messages of a notice are queued."""
    return f"{notice.incident.public_id}/{notice.pk}"


def _has_reached_all(notice: IncidentNotice) -> bool:
    counts = count_messages(messages_of(notice))
    return not (
        counts["waiting"]
        or counts["given_up"]
        or notice.incident.affected.filter(notice__isnull=True).exists()
    )


@transaction.atomic
def give_to(*, actor: User, incident: Incident, owner: User) -> Incident:
    """Another officer owns it. Raises as `locked`, `BadInput` for somebody who may not."""
    incident = locked(actor, incident)
    if owner.role != Role.COMPLIANCE or not owner.is_active or owner.pk == incident.person_id:
        raise BadInput(_("An active person of compliance owns an incident, and nobody whom it is about."))
    incident.owner = owner
    incident.save()
    _enter(incident, actor, Entry.OWNER, str(owner))
    return incident


@transaction.atomic
def scope_by_hand(*, actor: User, incident: Incident, persons: int, note: str) -> Incident:
    """Say how many persons are concerned where the access log cannot: a lost disk, an unknown hand. Raises as
    `locked`, `BadInput`."""
    incident = locked(actor, incident)
    if not 0 <= persons <= 2_000_000_000:
        raise BadInput(_("Say how many persons are concerned."))
    note = checked_text(note, _("Say how the number was found."), most=450)
    incident.affected.all().delete()  # a list of others is not what was counted now
    incident.persons, incident.unnamed, incident.erased, incident.scoped_at = persons, 0, 0, clock.now()
    incident.save()
    _enter(incident, actor, Entry.SCOPE, f"{persons}: {note}")
    return incident


@transaction.atomic
def ask_closing(*, actor: User, incident: Incident) -> Incident:
    """Hand it to a second person. Raises as `locked`, `BadInput` that names what is missing."""
    incident = locked(actor, incident)
    if missing := what_is_missing(incident):
        raise BadInput(_("Not yet: %(missing)s."), missing=join_items(LACKS[code] for code in missing))
    incident.state, incident.closing_by = State.CLOSING, actor
    incident.save()
    _enter(incident, actor, Entry.CLOSING)
    notify(_officers(incident).exclude(pk=actor.pk), "incident_closing", incident=incident.public_id)
    return incident


@transaction.atomic
def decide_closing(*, actor: User, incident: Incident, close: bool, note: str = "") -> Incident:
    """By a second person of compliance: closed for good. By any of them, also who asked: open again with a
    reason. Raises as `locked`, `FourEyes`, `BadInput`."""
    incident = locked(actor, incident, State.CLOSING)
    if close and incident.closing_by_id == actor.pk:
        raise FourEyes()
    if close:
        incident.state, incident.closed_by, incident.closed_at = State.CLOSED, actor, clock.now()
    else:
        note = checked_text(note, _("Say what is still to be done."), most=500)
        incident.state, incident.closing_by = State.OPEN, None
    incident.save()
    _enter(incident, actor, Entry.CLOSED if close else Entry.BACK, note)
    return incident


def watch_incidents() -> int:
    """Remind, once each, of a notice to the authority that is late and of tasks whose day is over. Returns
    how many."""
    now, reminded = clock.now(), 0
    late = Incident.objects.filter(
        state=State.OPEN, is_drill=False, discovered_at__lt=now - AUTHORITY_WITHIN, reminded_at__isnull=True
    ).exclude(notices__recipient="authority")
    for incident in late:
        with transaction.atomic():
            if Incident.objects.filter(pk=incident.pk, reminded_at__isnull=True).update(reminded_at=now):
                notify(_officers(incident), "incident_authority_waits", incident=incident.public_id)
                reminded += 1
    overdue = IncidentTask.objects.filter(
        done_at__isnull=True,
        reminded_at__isnull=True,
        due_on__lt=timezone.localdate(now),
        incident__state=State.OPEN,
    )
    for task in overdue.select_related("owner", "incident__owner"):
        with transaction.atomic():
            if IncidentTask.objects.filter(pk=task.pk, reminded_at__isnull=True).update(reminded_at=now):
                notify(
                    {task.owner, task.incident.owner}, "incident_task_overdue", due=task.due_on.isoformat()
                )
                reminded += 1
    return reminded


def hours_since_discovery(incident: Incident) -> float:
    """Until the notice to the authority, until the closing of one that has none, else until now."""
    given = (
        incident.notices.filter(recipient="authority")
        .order_by("given_at")
        .values_list("given_at", flat=True)
        .first()
    )
    until = given or incident.closed_at or clock.now()
    return max(0.0, round((until - incident.discovered_at).total_seconds() / 3600, 1))
