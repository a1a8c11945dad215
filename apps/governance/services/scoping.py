"""Whose data an incident touched: found from the access log, by the person or program and the time that the incident names.

A read names a thing by its id: a contact, or a call, a recording, a complaint, a share, from which its contacts are found. A list or a
search without a hit names nobody; it is counted as such. A job, because a dialler reads by the hundred thousand.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.calls.models import Call, Disposition, Ticket
from apps.campaigns.models import QueueEntry
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.calendar.timestamps import EARLIEST
from apps.core.errors import BadInput
from apps.core.web import ids
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.quality.models import Complaint, Recording, Review, Transcript
from apps.rights.models import SubjectRequest
from apps.sharing.models import Share

from ..models import AffectedPerson, Incident, IncidentEntry
from .recording_incidents import locked

Kind = AccessEvent.Kind
IN_CLEAR = (Kind.DISCLOSED, Kind.HANDED_OVER, Kind.PLAYED, Kind.EXPORTED)
READS = (Kind.VIEWED, Kind.SEARCHED, *IN_CLEAR)
AT_ONCE = 2_000
Pairs = Iterable[tuple[int, int | None]]  # the key of a thing, and of a contact that it is about; None for one that is gone


def _contacts_of_requests(keys: Collection[int]) -> Pairs:
    requests = [(pk, bytes(index)) for pk, index in SubjectRequest.objects.filter(pk__in=keys).values_list("pk", "number_index")]
    contacts = {bytes(index): pk for pk, index in Contact.everyone.filter(
        number_index__any=[index for _pk, index in requests]).values_list("pk", "number_index")}  # fmt: skip
    return [(pk, contacts.get(index)) for pk, index in requests]


def _contacts_of_shares(keys: Collection[int]) -> Pairs:
    campaigns = dict(Share.objects.filter(pk__in=keys).values_list("pk", "campaign"))
    entries = defaultdict(list)
    for campaign, contact in QueueEntry.objects.filter(campaign__in=set(campaigns.values())).values_list("campaign", "contact"):
        entries[campaign].append(contact)
    return [(pk, contact) for pk, campaign in campaigns.items() for contact in entries[campaign]]


def _contacts_of_complaints(keys: Collection[int]) -> Pairs:
    found = Complaint.objects.filter(pk__in=keys).values_list("pk", "contact", "call__contact")
    return [(pk, contact or of_call) for pk, contact, of_call in found]


# By the kind of thing that a row of the log names, public id or label.
CONTACTS_OF: Mapping[str, Callable[[Collection[int]], Pairs]] = {
    "contact": lambda keys: [(pk, pk) for pk in Contact.everyone.filter(pk__in=keys).values_list("pk", flat=True)],
    "call": lambda keys: Call.objects.filter(pk__in=keys).values_list("pk", "contact"),
    "recording": lambda keys: Recording.everyone.filter(pk__in=keys).values_list("pk", "call__contact"),
    "complaint": _contacts_of_complaints,
    "request": _contacts_of_requests,
    "share": _contacts_of_shares,
    "review": lambda keys: Review.objects.filter(pk__in=keys).values_list("pk", "call__contact"),
    "calls.disposition": lambda keys: Disposition.objects.filter(pk__in=keys).values_list("pk", "call__contact"),
    "calls.ticket": lambda keys: Ticket.objects.filter(pk__in=keys).values_list("pk", "call__contact"),
    "quality.transcript": lambda keys: Transcript.objects.filter(pk__in=keys).values_list("pk", "call__contact"),
}


@dataclass
class Touched:
    """What was read of one person: how often, how often in clear, when last."""

    reads: int = 0
    clear: int = 0
    last_at: datetime = EARLIEST

    def add(self, reads: int, clear: int, last_at: datetime) -> None:
        self.reads, self.clear, self.last_at = self.reads + reads, self.clear + clear, max(last_at, self.last_at)


@dataclass
class Scope:
    """`unnamed`: reads of lists; `erased`: things of persons whose contact is gone since."""

    persons: dict[int, Touched] = field(default_factory=lambda: defaultdict(Touched))
    unnamed: int = 0
    erased: int = 0


def reads_of(incident: Incident) -> QuerySet[AccessEvent]:
    """Rows of the access log that belong to the incident. Raises `BadInput` when it names nobody whose reads they are."""
    who = Q()
    if incident.person_id:
        who |= Q(actor=incident.person_id)
    if incident.client_id:
        who |= Q(client=incident.client_id)
    if not who:
        raise BadInput(_("Say by whom the data was touched: a person or an API client. The scope is found from what they read."))
    return AccessEvent.objects.filter(who, kind__in=READS, created_at__range=(incident.since, incident.until))


def thing_of(subject: str) -> tuple[str, int] | None:
    """The kind and key of the thing that a row of the log names; None for a list, a search without a hit, or what is no person's."""
    kind, colon, key = subject.partition(":")
    if colon and kind in CONTACTS_OF and (pk := ids.row_number(key)) is not None:
        return kind, pk
    prefix = subject.partition("_")[0]
    for name, known in ids.PREFIXES.items():
        if known == prefix and name in CONTACTS_OF:
            return name, ids.decode(prefix, subject)
    return None


def scope_of(incident: Incident) -> Scope:
    """Every person whose data was read, in one snapshot of the log."""
    scope, things = Scope(), defaultdict[str, dict[int, tuple[int, int, datetime]]](dict)
    rows = reads_of(incident).values("subject").annotate(
        reads=Count("pk"), clear=Count("pk", filter=Q(kind__in=IN_CLEAR)), last_at=Max("created_at"), shown=Sum("count")
    )  # fmt: skip
    for row in rows.iterator(chunk_size=AT_ONCE):
        thing = thing_of(row["subject"])
        if thing is None:
            scope.unnamed += row["shown"]
        else:
            things[thing[0]][thing[1]] = (row["reads"], row["clear"], row["last_at"])
    for kind, read in things.items():
        keys, known = list(read), set[int]()
        for start in range(0, len(keys), AT_ONCE):
            for pk, contact in CONTACTS_OF[kind](keys[start : start + AT_ONCE]):
                if contact is not None:
                    known.add(pk)
                    scope.persons[contact].add(*read[pk])
        scope.erased += len(read) - len(known)
    return scope


@transaction.atomic
def ask_scope(*, actor: User, incident: Incident) -> Job:
    """Have a worker find the persons. Raises as `locked`, `BadInput` when the incident names nobody whose reads they are."""
    incident = locked(actor, incident)
    reads_of(incident)
    incident.scope_job = jobs.ask_for(kind="incident_scope", task="apps.governance.tasks.determine_scope", owner=actor)
    incident.save(update_fields=["scope_job"])
    return incident.scope_job


def determine_scope(job_id: int) -> None:
    """The work of the job: the list takes the place of the one before. May be killed anywhere and run again."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        with transaction.atomic():
            incident = locked(job.owner, Incident.objects.get(scope_job=job))
            scope = scope_of(incident)
            AffectedPerson.objects.filter(incident=incident, notified_at__isnull=True).delete()
            AffectedPerson.objects.bulk_create(
                [
                    AffectedPerson(incident=incident, contact_id=contact, reads=each.reads, clear=each.clear, last_at=each.last_at)
                    for contact, each in scope.persons.items()
                ],
                batch_size=AT_ONCE, update_conflicts=True, unique_fields=["incident", "contact"],
                update_fields=["reads", "clear", "last_at"],
            )  # fmt: skip
            incident.persons = incident.affected.count()
            incident.unnamed, incident.erased, incident.scoped_at = scope.unnamed, scope.erased, clock.now()
            incident.save()
            IncidentEntry.objects.create(
                incident=incident, kind=IncidentEntry.Kind.SCOPE, actor=job.owner, note=str(incident.persons), created_at=clock.now()
            )
            record_access(
                kind=Kind.SEARCHED, subject=incident.public_id, purpose="scope of an incident", actor=job.owner, count=incident.persons
            )
            jobs.end(job, state=Job.State.DONE, sentence="")
