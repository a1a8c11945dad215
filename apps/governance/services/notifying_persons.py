"""Notices of an incident: what the law wants them to say, to whom and how they were given (PIPL, article
57)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.calendar import clock
from apps.core.errors import BadInput, DecryptionFailed, ServiceAway, WrongState
from apps.core.privacy.free_text import checked_text
from apps.core.wording import join_items
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.notifications.services import can_send, queue_sms

from ..models import AffectedPerson, Incident, IncidentEntry, IncidentNotice
from ..rules.closing import missing_contents
from ..wording import LACKS
from .recording_incidents import TEXTS, locked, messages_of

Recipient = IncidentNotice.Recipient
AT_ONCE = 200
MOST_NAMED = 10
MINUTE = timedelta(minutes=1)
LIFE = timedelta(days=2)
MOST_CHARACTERS = 500  # of a short message, which is sent in parts


def draft_notice(incident: Incident, recipient: str) -> str:
    """What the law wants to be said, from the facts of the incident, in the reader's language: to be read and
    changed first."""
    facts = {name: getattr(incident, name) or "…" for name in TEXTS}
    zone = timezone.get_default_timezone()
    facts["discovered"] = incident.discovered_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    facts["persons"] = "…" if incident.persons is None else str(incident.persons)
    facts["kind"] = incident.get_kind_display()
    if recipient == Recipient.PERSONS:
        return _(
            "About your personal information: %(kind)s, discovered %(discovered)s. Concerned: "
            "%(information)s. Cause: %(cause)s. "
            "Possible harm: %(harm)s. What we have done: %(measures)s. What you can do: %(advice)s. Ask us: "
            "%(contact)s."
        ) % facts  # fmt: skip
    return _(
        "Notice under article 57 of the Personal Information Protection Law.\n"
        "Incident: %(kind)s, discovered %(discovered)s.\n"
        "1. Information concerned: %(information)s. Persons concerned: %(persons)s.\n"
        "   Cause: %(cause)s. Possible harm: %(harm)s.\n"
        "2. Remedial measures taken: %(measures)s.\n"
        "   Measures that the persons can take: %(advice)s.\n"
        "3. Contact: %(contact)s."
    ) % facts  # fmt: skip


@transaction.atomic
def give_notice(
    *,
    actor: User,
    incident: Incident,
    recipient: str,
    text: str,
    how: str,
    given_at: datetime | None = None,
    by_message: bool = False,
) -> IncidentNotice:
    """Record a notice as it was given, or have it sent to each person by short message. In a drill nothing is
    recorded as given.

    Raises as `locked`; `BadInput` while facts are missing that the law wants to be said, or for a time that
    lies ahead; `ServiceAway` without a gateway.
    """
    incident = locked(actor, incident)
    now = clock.now()
    given_at = given_at or now
    if timedelta() < incident.discovered_at - given_at < MINUTE:  # people give minutes
        given_at = incident.discovered_at
    if incident.is_drill:
        raise BadInput(_("This is a drill: no notice is given. The draft shows what would be said."))
    if recipient not in Recipient.values or not incident.discovered_at <= given_at <= now:
        raise BadInput(_("Say to whom, and when: after the discovery, and not ahead."))
    if missing := missing_contents({name: getattr(incident, name) for name in TEXTS}):
        raise BadInput(_("Not yet: %(missing)s."), missing=join_items(LACKS[code] for code in missing))
    by_message = by_message and recipient == Recipient.PERSONS
    text = checked_text(text, _("Write the notice."), most=6000)
    if by_message and incident.scoped_at is None:
        raise BadInput(_("Not yet: %(missing)s."), missing=LACKS["scope"])
    if by_message and not (incident.persons and incident.affected.count() == incident.persons):
        raise BadInput(_("Not everybody concerned is known by number. Notify them another way, and say how."))
    if by_message and len(text) > MOST_CHARACTERS:
        raise BadInput(
            _("A short message has at most %(most)s characters; yours has %(count)s."),
            most=MOST_CHARACTERS,
            count=len(text),
        )
    if by_message and not can_send():
        raise ServiceAway()
    if by_message and incident.notices.filter(job__state__in=[Job.State.WAITING, Job.State.RUNNING]).exists():
        raise WrongState(_("A short message is being sent to everybody concerned. Wait until it is over."))
    job = None
    if by_message:
        how = _("short message to each")
        job = jobs.ask_for(
            kind="incident_messages",
            task="apps.governance.tasks.send_messages",
            owner=actor,
            total=incident.persons or 0,
        )
    made = IncidentNotice.objects.create(
        incident=incident, recipient=recipient, text=text, given_at=given_at, given_by=actor, created_at=now,
        job=job,
        how=checked_text(how, _("Say how the notice was given: form, letter, number of the file."), most=200),
    )  # fmt: skip
    IncidentEntry.objects.create(
        incident=incident, kind=IncidentEntry.Kind.NOTICE, actor=actor,
        note=f"{made.get_recipient_display()}: {made.how}"[:500],
        created_at=now,
    )  # fmt: skip
    return made


def send_messages(job_id: int) -> None:
    """The work of the job: one message for each person who has not had this one, each noted in the
    transaction that queues it."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        notice = IncidentNotice.objects.select_related("incident").get(job=job)
        done, unreached = 0, list[AffectedPerson]()
        while sent := _send_some(job.owner, notice, unreached):
            done += sent
            jobs.move_on(job, done=done)
        if unreached:
            _tell_of_unreached(job.owner, notice, unreached)
        jobs.end(job, state=Job.State.DONE, sentence="")


def _tell_of_unreached(actor: User, notice: IncidentNotice, persons: list[AffectedPerson]) -> None:
    """People whose number cannot be opened have to hear of it in another way: an officer sees to that."""
    named = join_items(person.contact.public_id for person in persons[:MOST_NAMED])
    note = _(
        "%(count)s persons could not be sent the notice: their numbers cannot be opened (%(named)s). Tell "
        "them in another way."
    )
    IncidentEntry.objects.create(
        incident=notice.incident, kind=IncidentEntry.Kind.NOTE, actor=actor,
        note=note % {"count": len(persons), "named": named},
        created_at=clock.now(),
    )  # fmt: skip


@transaction.atomic
def _send_some(actor: User, notice: IncidentNotice, unreached: list[AffectedPerson]) -> int:
    """Messages go out also to who opted out: this is no marketing, and the law wants them to know. Returns
    how many people were dealt with; those whose number cannot be opened are added to `unreached`."""
    waiting = AffectedPerson.objects.select_for_update(of=("self",), skip_locked=True).exclude(
        pk__in=[each.pk for each in unreached]
    )
    waiting = waiting.select_related("contact").defer("contact__phone", "contact__name", "contact__note")
    persons = list(
        waiting.filter(~Q(notice=notice) | Q(notice__isnull=True), incident=notice.incident).order_by("pk")[
            :AT_ONCE
        ]
    )
    reached = []
    for person in persons:
        try:
            number = person.contact.phone
        except DecryptionFailed:
            unreached.append(person)
            continue
        queue_sms(number=number, text=notice.text, about=messages_of(notice), life=LIFE)
        record_access(
            kind=AccessEvent.Kind.HANDED_OVER, subject=person.contact.public_id, purpose="incident notice",
            actor=actor,
            field="contacts.contact.phone",
        )  # fmt: skip
        reached.append(person.pk)
    AffectedPerson.objects.filter(pk__in=reached).update(notice=notice)
    return len(persons)
