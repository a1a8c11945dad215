"""Whose data an incident touched: found from the access log, by the person or program and the time that the
incident names.

A read names a thing by its id: a contact, or a call, a recording, a complaint, a share, from which its
contacts are found. A list or a search without a hit names nobody; it is counted as such. A job, because a
dialler reads by the hundred thousand.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.calls.models import Call, Disposition, Ticket
from apps.campaigns.models import QueueEntry
from apps.contacts.models import Consent, Contact, ExternalRef
from apps.core.calendar import clock
from apps.core.calendar.timestamps import EARLIEST
from apps.core.errors import BadInput, WrongState
from apps.core.web import ids
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.quality.models import Complaint, EvidencePack, Recording, Review, Transcript
from apps.rights.models import SubjectRequest
from apps.sharing.models import Share

from ..models import AffectedPerson, Incident, IncidentEntry
from .recording_incidents import locked

Kind = AccessEvent.Kind
IN_CLEAR = (Kind.DISCLOSED, Kind.HANDED_OVER, Kind.PLAYED, Kind.EXPORTED)
READS = (Kind.VIEWED, Kind.SEARCHED, *IN_CLEAR)
AT_ONCE = 2_000
# the key of a thing, and of a contact that it is about; None for one that is gone
Pairs = Iterable[tuple[int, int | None]]


def _by_number(indexed: Sequence[tuple[int, Any]]) -> Pairs:
    """Things of which the hash of a number is known, or nothing."""
    indexes = [bytes(index) for _pk, index in indexed if index]
    contacts = {
        bytes(index): pk
        for pk, index in Contact.everyone.filter(number_index__any=indexes).values_list("pk", "number_index")
    }
    return [(pk, contacts.get(bytes(index)) if index else None) for pk, index in indexed]


def _contacts_of_requests(keys: Collection[int]) -> Pairs:
    return _by_number(list(SubjectRequest.objects.filter(pk__in=keys).values_list("pk", "number_index")))


def _contacts_of_shares(keys: Collection[int]) -> Pairs:
    campaigns = dict(Share.objects.filter(pk__in=keys).values_list("pk", "campaign"))
    entries = defaultdict(list)
    for campaign, contact in QueueEntry.objects.filter(campaign__in=set(campaigns.values())).values_list(
        "campaign", "contact"
    ):
        entries[campaign].append(contact)
    return [(pk, contact) for pk, campaign in campaigns.items() for contact in entries[campaign]]


def _contacts_of_complaints(keys: Collection[int]) -> Pairs:
    found = list(
        Complaint.objects.filter(pk__in=keys).values_list("pk", "contact", "call__contact", "number_index")
    )
    by_number = dict(_by_number([(pk, index) for pk, _contact, _call, index in found]))
    return [(pk, contact or of_call or by_number[pk]) for pk, contact, of_call, _index in found]


def _contacts_of_campaigns(keys: Collection[int]) -> Pairs:
    """A look at a queue may have shown everybody in it."""
    return QueueEntry.objects.filter(campaign__in=keys).values_list("campaign", "contact")


def _contacts_of_packs(keys: Collection[int]) -> Pairs:
    """Of the person whom an evidence pack is about; one about a campaign or a period is masked and names
    nobody."""
    return _by_number(list(EvidencePack.objects.filter(pk__in=keys).values_list("pk", "number_index")))


# By the kind of thing that a row of the log names, public id or label.
CONTACTS_OF: Mapping[str, Callable[[Collection[int]], Pairs]] = {
    "contact": lambda keys: [
        (pk, pk) for pk in Contact.everyone.filter(pk__in=keys).values_list("pk", flat=True)
    ],
    "call": lambda keys: Call.objects.filter(pk__in=keys).values_list("pk", "contact"),
    "recording": lambda keys: Recording.everyone.filter(pk__in=keys).values_list("pk", "call__contact"),
    "complaint": _contacts_of_complaints,
    "request": _contacts_of_requests,
    "share": _contacts_of_shares,
    "campaign": _contacts_of_campaigns,
    "evidence": _contacts_of_packs,
    "review": lambda keys: Review.objects.filter(pk__in=keys).values_list("pk", "call__contact"),
    "calls.disposition": lambda keys: Disposition.objects.filter(pk__in=keys).values_list(
        "pk", "call__contact"
    ),
    "calls.ticket": lambda keys: Ticket.objects.filter(pk__in=keys).values_list("pk", "call__contact"),
    "quality.transcript": lambda keys: Transcript.objects.filter(pk__in=keys).values_list(
        "pk", "call__contact"
    ),
}


@dataclass
class Touched:
    """What was read of one person: how often, how often in clear, when last."""

    reads: int = 0
    clear: int = 0
    last_at: datetime = EARLIEST

    def add(self, reads: int, clear: int, last_at: datetime) -> None:
        self.reads, self.clear, self.last_at = (
            self.reads + reads,
            self.clear + clear,
            max(last_at, self.last_at),
        )


@dataclass
class IncidentScope:
    """`unnamed`: reads of lists; `erased`: things of persons whose contact is gone since."""

    persons: dict[int, Touched] = field(default_factory=lambda: defaultdict(Touched))
    unnamed: int = 0
    erased: int = 0


def reads_of(incident: Incident) -> QuerySet[AccessEvent]:
    """Rows of the access log that belong to the incident. Raises `BadInput` when it names nobody whose reads
    they are."""
    who = Q()
    if incident.person_id:
        who |= Q(actor=incident.person_id)
    if incident.client_id:
        who |= Q(client=incident.client_id)
    if not who:
        raise BadInput(
            _(
                "Say by whom the data was touched: a person or an API client. The scope is found from what "
                "they read."
            )
        )
    return AccessEvent.objects.filter(who, kind__in=READS, created_at__range=(incident.since, incident.until))


MAY_NAME_NOBODY = frozenset({"share", "campaign", "evidence"})  # an empty queue, a pack about a period


def _changed_by(incident: Incident) -> list[tuple[int | None, datetime]]:
    """Contacts that the person changed in the time, or whose consents they changed; None for one that is
    gone, or a consent that is."""
    if not incident.person_id:
        return []
    changes = LogEntry.objects.filter(
        actor=incident.person_id, timestamp__range=(incident.since, incident.until)
    )
    kinds = {ContentType.objects.get_for_model(model).pk: model for model in (Contact, Consent)}
    rows = list(changes.filter(content_type__in=kinds).values_list("content_type", "object_id", "timestamp"))
    consents = {key for kind, key, _at in rows if kinds[kind] is Consent and key is not None}
    owners = dict(Consent.objects.filter(pk__in=consents).values_list("pk", "contact"))
    found = [
        (owners.get(key) if kinds[kind] is Consent else key, at) for kind, key, at in rows if key is not None
    ]
    known = set(
        Contact.everyone.filter(pk__in=[key for key, _at in found if key]).values_list("pk", flat=True)
    )
    return [(key if key in known else None, at) for key, at in found]


def _listed_for(client_id: int) -> list[int]:
    """Contacts that another system knows by ids of its own: a list that it reads names them."""
    return list(ExternalRef.objects.filter(client=client_id).values_list("contact", flat=True))


def thing_of(subject: str) -> tuple[str, int] | None:
    """The kind and key of the thing that a row of the log names; None for a list, a search without a hit, or
    what is no person's."""
    kind, colon, key = subject.partition(":")
    if colon and kind in CONTACTS_OF and (pk := ids.row_number(key)) is not None:
        return kind, pk
    prefix = subject.partition("_")[0]
    for name, known in ids.PREFIXES.items():
        if known == prefix and name in CONTACTS_OF:
            return name, ids.decode(prefix, subject)
    return None


def scope_of(incident: Incident, *, keep_going: Callable[[], None] = lambda: None) -> IncidentScope:
    """Every person whose data was read or changed. `keep_going` is called now and then: for a lease."""
    scope, things = IncidentScope(), defaultdict[str, dict[int, tuple[int, int, datetime]]](dict)
    rows = reads_of(incident).values("subject").annotate(
        reads=Count("pk"), clear=Count("pk", filter=Q(kind__in=IN_CLEAR)), last_at=Max("created_at"),
        shown=Sum("count")
    )  # fmt: skip
    for row in rows.iterator(chunk_size=AT_ONCE):
        thing = thing_of(row["subject"])
        if thing is None and row["subject"] == "contact:list" and incident.client_id:
            for contact in _listed_for(incident.client_id):
                scope.persons[contact].add(row["reads"], 0, row["last_at"])
        elif thing is None:
            scope.unnamed += row["shown"]
        else:
            things[thing[0]][thing[1]] = (row["reads"], row["clear"], row["last_at"])
    for kind, read in things.items():
        keys, known = list(read), set[int]()
        for start in range(0, len(keys), AT_ONCE):
            keep_going()
            for pk, found in CONTACTS_OF[kind](keys[start : start + AT_ONCE]):
                if found is not None:
                    known.add(pk)
                    scope.persons[found].add(*read[pk])
        lost = [pk for pk in read if pk not in known]
        if kind in MAY_NAME_NOBODY:
            scope.unnamed += sum(read[pk][0] for pk in lost)
        else:
            scope.erased += len(lost)
    for changed, at in _changed_by(incident):
        if changed is None:
            scope.erased += 1
        else:
            scope.persons[changed].add(1, 0, at)
    return scope


@transaction.atomic
def ask_scope(*, actor: User, incident: Incident) -> Job:
    """Have a worker find the persons. Raises as `locked`, `WrongState` while one is at it, `BadInput` when
    the incident names nobody whose reads they are."""
    incident = locked(actor, incident)
    reads_of(incident)
    if incident.scope_job is not None and not incident.scope_job.is_over:
        raise WrongState(_("The access log is being searched."))
    incident.scope_job = jobs.ask_for(
        kind="incident_scope", task="apps.governance.tasks.determine_scope", owner=actor
    )
    incident.save(update_fields=["scope_job"])
    return incident.scope_job


def determine_scope(job_id: int) -> None:
    """The work of the job: the list takes the place of the one before. May be killed anywhere and run again;
    the log is read without holding the incident."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        incident = Incident.objects.get(scope_job=job)
        bounds = (incident.since, incident.until, incident.person_id, incident.client_id)
        scope = scope_of(incident, keep_going=lambda: jobs.move_on(job, done=0))
        with transaction.atomic():
            incident = locked(job.owner, incident)
            if bounds != (incident.since, incident.until, incident.person_id, incident.client_id):
                raise WrongState(_("The facts were changed meanwhile. Search the access log again."))
            _keep(incident, scope)
            IncidentEntry.objects.create(
                incident=incident,
                kind=IncidentEntry.Kind.SCOPE,
                actor=job.owner,
                note=str(incident.persons),
                created_at=clock.now(),
            )
            record_access(
                kind=Kind.SEARCHED, subject=incident.public_id, purpose="scope of an incident",
                actor=job.owner,
                count=max(incident.persons or 0, 1),
            )  # fmt: skip
            jobs.end(job, state=Job.State.DONE, sentence="")


def _keep(incident: Incident, scope: IncidentScope) -> None:
    """The list; who was sent a notice stays noted."""
    AffectedPerson.objects.filter(incident=incident).exclude(contact__in=list(scope.persons)).delete()
    there = set(Contact.everyone.filter(id__any=list(scope.persons)).values_list("pk", flat=True))
    AffectedPerson.objects.bulk_create(
        [
            AffectedPerson(incident=incident, contact_id=contact, reads=each.reads, clear=each.clear,
            last_at=each.last_at)
            for contact, each in scope.persons.items() if contact in there
        ],
        batch_size=AT_ONCE, update_conflicts=True, unique_fields=["incident", "contact"],
        update_fields=["reads", "clear", "last_at"],
    )  # fmt: skip
    incident.persons = incident.affected.count()
    incident.unnamed, incident.erased, incident.scoped_at = scope.unnamed, scope.erased, clock.now()
    incident.save()
