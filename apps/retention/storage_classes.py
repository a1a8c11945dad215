"""The classes of personal data: what belongs to each, when it is due, how it goes. The one table that the
purge, the forecast, the policies and the system check read; `policies.DataClass` names them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.access.models import NumberSearch
from apps.calls.models import Break, Call, Decision, Disposition, SpoofingEvent, Ticket
from apps.contacts.models import Consent, Contact, ContactImport, DataSource, MinorFlag
from apps.core.calendar import clock
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.notifications.models import Notice, Outgoing
from apps.optouts.models import Code, ListIn, ListRow, Scrub
from apps.policies.models import LEAST_RECORD_DAYS, DataClass, RetentionPolicy
from apps.quality.models import (
    Complaint,
    CorrectiveAction,
    EvidencePack,
    Play,
    Recording,
    Review,
    Transcript,
    Violation,
)
from apps.rights.models import SubjectRequest
from apps.telephony.models import Attempt
from apps.webhooks.models import Event

from .deleting import cut, delete_hanging, delete_rows, delete_where
from .holds import HeldRows
from .models import CallTally

OWN_TIME = timedelta(days=2)  # in which the request itself deletes what it had blocked, and sees it gone
LEAST_RECORD = timedelta(days=LEAST_RECORD_DAYS)
OVER = [Job.State.DONE, Job.State.REFUSED, Job.State.FAILED]
Due = Callable[[datetime, int], QuerySet[Any]]
Erase = Callable[[Sequence[Any], RetentionPolicy], object]


@dataclass(frozen=True)
class Class:
    """`due(at, days)` gives rows whose time is over; `held` is the condition of those that a hold keeps;
    `erase` takes primary keys and works inside the caller's transaction."""

    code: str
    clock: Promise | str
    due: Due
    erase: Erase
    held: Callable[[HeldRows], Q] = lambda holds: Q(pk__in=[])
    models: tuple[str, ...] = ()  # what it holds, for the system check


def _before(at: datetime, days: int) -> datetime:
    return at - timedelta(days=days)


# -- contacts


def _contacts(at: datetime, days: int) -> QuerySet[Contact]:
    """Whose time is over; whose source was withdrawn (R3); whom another system, or the person, had
    deleted."""
    over = Q(expires_at__lte=at) | Q(created_at__lte=_before(at, days)) | Q(erasing_at__isnull=False)
    over |= Q(
        source__in=list(
            DataSource.objects.filter(state=DataSource.State.WITHDRAWN).values_list("pk", flat=True)
        )
    )
    is_in_call = Exists(Call.objects.filter(contact=OuterRef("pk"), state__in=Call.OPEN))
    return Contact.everyone.filter(over, Q(blocked_until__isnull=True) | Q(blocked_until__lte=at)).exclude(
        is_in_call
    )


def _uncalled(at: datetime, days: int) -> QuerySet[Contact]:
    calls = Call.objects.filter(number_index=OuterRef("number_index")).exclude(state__in=Call.UNUSED)
    return Contact.objects.filter(created_at__lte=_before(at, days)).exclude(Exists(calls))


def erase_contacts(keys: Sequence[Any], policy: RetentionPolicy | None = None) -> list[int]:
    """Delete contacts, but for the record of a call younger than 30 days (R34): then number and evidence of
    consent stay, blocked. Returns the keys of those who are gone."""
    blocked = block_contacts(keys)
    going = [key for key in keys if key not in blocked]
    for model in (Consent, MinorFlag):
        _discard_evidence(model._base_manager.filter(contact__in=going))
    delete_rows(Contact, going)
    return going


def _discard_evidence(rows: QuerySet[Any]) -> None:
    for name in rows.exclude(evidence_file="").values_list("evidence_file", flat=True):
        jobs.discard(name)


def erase_consents(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    _discard_evidence(Consent.objects.filter(pk__in=keys))
    delete_rows(Consent, keys)


def block_contacts(keys: Sequence[Any]) -> dict[int, datetime]:
    """Of those with a young call only its record stays, hidden from everything; returns their keys, and until
    when."""
    numbers = {
        bytes(index): key
        for key, index in Contact.everyone.filter(id__any=list(keys)).values_list("pk", "number_index")
    }
    young = Call.objects.filter(record_kept(clock.now()), number_index__any=list(numbers)).select_related(
        "campaign"
    )
    until: dict[int, datetime] = {}
    purposes: set[tuple[int, int]] = set()
    for call in young.only("number_index", "reserved_at", "campaign__purpose_id"):
        key = numbers[bytes(call.number_index)]
        until[key] = max(call.reserved_at + LEAST_RECORD, until.get(key, call.reserved_at))
        purposes.add((key, call.campaign.purpose_id))
    if not until:
        return {}
    consents = Consent.objects.filter(contact__in=list(until), recipient="").values_list(
        "pk", "contact_id", "purpose_id"
    )
    evidence = [pk for pk, contact, purpose in consents if (contact, purpose) in purposes]
    others = Consent.objects.filter(contact__in=list(until)).exclude(pk__in=evidence)
    _discard_evidence(others)
    delete_rows(Consent, list(others.values_list("pk", flat=True)))
    _discard_evidence(MinorFlag.objects.filter(contact__in=list(until)))
    delete_hanging(Contact, list(until), but=(Consent,))
    with connection.cursor() as cursor:
        cursor.execute(_BLOCK, [clock.now(), list(until), list(until.values())])
    return until


_BLOCK = """
update contacts_contact contact set name = null, note = null, tags = '{}', is_minor = false,
    erasing_at = coalesce(erasing_at, %s), blocked_until = kept.until
from unnest(%s::bigint[], %s::timestamptz[]) kept(id, until) where contact.id = kept.id
"""


def record_kept(now: datetime) -> Q:
    """Calls that were or may have been made, and whose record is kept by law (R34)."""
    return Call.counted() & Q(reserved_at__gt=now - LEAST_RECORD)


# -- calls and decisions


def _calls(at: datetime, days: int) -> QuerySet[Call]:
    return Call.objects.filter(reserved_at__lte=_before(at, days)).exclude(state__in=Call.OPEN)


def erase_calls(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    if policy.action == RetentionPolicy.Action.ANONYMISE:
        _count_into_tally(Call.objects.filter(pk__in=keys))
    for model in (Ticket, Disposition):
        delete_where(model, "call_id", keys)
    for named in (Attempt, Recording, Transcript, Review, Violation, Complaint):
        cut(named, "call_id", keys)
    _erase_decisions(delete_where(Call, "id", keys, returning="decision_id"), policy)


def _count_into_tally(calls: QuerySet[Call]) -> None:
    """Only how many, of which campaign, in which month, ended how. Small groups are merged once their month
    is over."""
    groups = (
        calls.annotate(month=TruncMonth("reserved_at"))
        .values("month", "campaign_id", "state")
        .annotate(count=Count("pk"))
    )
    for group in groups.order_by("month", "campaign_id", "state"):
        tally, _is_new = CallTally.objects.select_for_update().get_or_create(
            month=group["month"].date(),
            campaign_id=group["campaign_id"],
            outcome=group["state"],
            defaults={"count": 0},
        )
        tally.count += group["count"]
        tally.save()


def _decisions(at: datetime, days: int) -> QuerySet[Decision]:
    return Decision.objects.filter(at__lte=_before(at, days)).exclude(
        Exists(Call.objects.filter(decision=OuterRef("pk")))
    )


def _erase_decisions(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    cut(SpoofingEvent, "decision_id", keys)
    delete_where(Decision, "id", keys)


def _rows_of(model: type[Any]) -> Erase:
    return lambda keys, policy: delete_rows(model, keys)


# -- recordings, and what people made of them


def _recordings(at: datetime, days: int) -> QuerySet[Recording]:
    return Recording.everyone.filter(
        Q(started_at__lte=_before(at, days)) | Q(blocked_until__lte=at - OWN_TIME)
    )


def block_recordings(keys: Sequence[Any]) -> None:
    """Nobody hears them any more; they go once their 30 days are over (R34)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update quality_recording recording set blocked_until = call.reserved_at + make_interval(days => "
            "%s) from calls_call call"
            " where call.id = recording.call_number and recording.id = any(%s)",
            [LEAST_RECORD_DAYS, list(keys)],
        )


def erase_recordings(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    delete_where(Play, "recording_id", keys)
    for name in delete_where(Recording, "id", keys, returning="file"):
        jobs.discard(name)


def _reviews(at: datetime, days: int) -> QuerySet[Review]:
    """Of what has led to a violation, the time runs from when its action was closed."""
    pending = CorrectiveAction.objects.filter(violation__review=OuterRef("pk")).filter(_not_over(at, days))
    return Review.objects.filter(created_at__lte=_before(at, days), twin__isnull=True).exclude(
        Exists(pending)
    )


def _not_over(at: datetime, days: int) -> Q:
    return Q(closed_at__isnull=True) | Q(closed_at__gt=_before(at, days))


def _erase_reviews(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    """Second reviews go with the first."""
    delete_rows(Review, keys)


def _violations(at: datetime, days: int) -> QuerySet[Violation]:
    return Violation.objects.filter(action__closed_at__lte=_before(at, days), review__isnull=True)


def _erase_violations(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    for name in CorrectiveAction.objects.filter(violation__in=keys).values_list("proof_file", flat=True):
        jobs.discard(name)
    delete_rows(Violation, keys)


def erase_complaints(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    for name in EvidencePack.objects.filter(complaint__in=keys).values_list("file", flat=True):
        jobs.discard(name)
    delete_rows(Complaint, keys)


def _packs(at: datetime, days: int) -> QuerySet[EvidencePack]:
    """Those of a complaint go with it."""
    return EvidencePack.objects.filter(created_at__lte=_before(at, days), complaint__isnull=True)


def _erase_packs(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    for name in EvidencePack.objects.filter(pk__in=keys).values_list("file", flat=True):
        jobs.discard(name)
    delete_rows(EvidencePack, keys)


def _complaints(at: datetime, days: int) -> QuerySet[Complaint]:
    return Complaint.objects.filter(closed_at__lte=_before(at, days), state=Complaint.State.CLOSED)


def _requests(at: datetime, days: int) -> QuerySet[SubjectRequest]:
    return SubjectRequest.objects.filter(closed_at__lte=_before(at, days))


def _erase_requests(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    for name in SubjectRequest.objects.filter(pk__in=keys).values_list("archive", flat=True):
        jobs.discard(name)
    delete_rows(SubjectRequest, keys)


# -- files


def _imports(at: datetime, days: int) -> QuerySet[ContactImport]:
    over = ContactImport.objects.filter(created_at__lte=_before(at, days)).exclude(report="", upload="")
    return over.filter(Q(job__isnull=True) | Q(job__state__in=OVER))


def _lists(at: datetime, days: int) -> QuerySet[ListIn]:
    over = ListIn.objects.filter(created_at__lte=_before(at, days), job__state__in=OVER)
    return over.exclude(upload="")


def _scrubs(at: datetime, days: int) -> QuerySet[Scrub]:
    return Scrub.objects.filter(created_at__lte=_before(at, days), job__state__in=OVER).exclude(
        upload="", result=""
    )


def _let_go(model: type[Any], *names: str) -> Erase:
    """The row stays (who brought what, when); its files go."""

    def erase(keys: Sequence[Any], policy: RetentionPolicy) -> None:
        for row in model._base_manager.filter(pk__in=keys):
            for name in names:
                jobs.discard(getattr(row, name))
                setattr(row, name, "")
            row.save(update_fields=list(names))

    return erase


def _erase_scrubs(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    _let_go(Scrub, "result", "upload")(keys, policy)
    Scrub.objects.filter(pk__in=keys, erased_at__isnull=True).update(erased_at=clock.now())


# -- what is over by itself


def _erase_sessions(keys: Sequence[Any], policy: RetentionPolicy) -> None:
    UserSession.objects.filter(session_key__in=keys).delete()
    delete_rows(Session, keys)


RECEIVED = _("when it was received")

CLASSES = (
    Class(
        DataClass.RECORDING, _("when the call began"), _recordings,
        erase_recordings, lambda holds: holds.recordings, ("quality.recording",),
    ),
    Class(
        DataClass.TRANSCRIPT, _("when the call began"), lambda at,
        days: Transcript.objects.filter(started_at__lte=_before(at, days)),
        _rows_of(Transcript), lambda holds: holds.transcripts, ("quality.transcript",),
    ),
    Class(
        DataClass.REVIEW, _("when it was begun, or the action that it led to was closed"), _reviews,
        _erase_reviews,
        lambda holds: holds.reviews,
    ),
    Class(DataClass.REVIEW, _("when the action was closed"), _violations, _erase_violations,
    models=("quality.correctiveaction",)),
    Class(
        DataClass.COMPLAINT, _("when it was closed"), _complaints, erase_complaints,
        lambda holds: holds.complaints,
        ("quality.complaint",),
    ),
    Class(
        DataClass.COMPLAINT, _("when the evidence pack was asked for"), _packs, _erase_packs,
        models=("quality.evidencepack",)
    ),
    Class(DataClass.REQUEST, _("when it was closed"), _requests, _erase_requests,
    models=("rights.subjectrequest", "rights.copyorder")),
    # Calls before contacts: who goes with their calls leaves no link to be cut first.
    Class(
        DataClass.CALL, _("when the call was reserved"), _calls, erase_calls, lambda holds: holds.calls,
        ("calls.call", "calls.disposition", "calls.ticket"),
    ),
    Class(
        DataClass.CONTACT, RECEIVED, _contacts, erase_contacts, lambda holds: holds.contacts,
        ("contacts.contact", "contacts.consent", "contacts.minorflag", "contacts.externalref",
        "campaigns.queueentry"),
    ),
    Class(DataClass.UNCALLED, RECEIVED, _uncalled, erase_contacts, lambda holds: holds.contacts),
    Class(DataClass.DECISION, _("when it was made"), _decisions, _erase_decisions,
    lambda holds: holds.decisions, ("calls.decision",)),
    Class(
        DataClass.DECISION, _("when the call was tried"),
        lambda at, days: Attempt.objects.filter(at__lte=_before(at, days), call__isnull=True),
        _rows_of(Attempt),
        models=("telephony.attempt",),
    ),
    Class(
        DataClass.IMPORT_FILE, _("when the file was handed in"), _imports,
        _let_go(ContactImport, "report", "upload"),
        models=("contacts.contactimport",),
    ),
    Class(DataClass.LIST_FILE, _("when the list was handed in"), _scrubs, _erase_scrubs,
    models=("optouts.scrub",)),
    Class(
        DataClass.LIST_FILE, _("when the row was decided"), lambda at,
        days: ListRow.objects.filter(decided_at__lte=_before(at, days)),
        _rows_of(ListRow), models=("optouts.listrow",),
    ),
    Class(DataClass.LIST_FILE, _("when the list was handed in"), _lists, _let_go(ListIn, "upload"),
    models=("optouts.listin",)),
    Class(
        DataClass.CODE, _("when the code ended"), lambda at,
        days: Code.objects.filter(ends_at__lte=_before(at, days)), _rows_of(Code),
        models=("optouts.code",),
    ),
    Class(
        DataClass.CODE, _("when the number was searched for"),
        lambda at, days: NumberSearch.objects.filter(created_at__lte=_before(at, days)),
        _rows_of(NumberSearch),
        models=("access.numbersearch",),
    ),
    Class(
        DataClass.SESSION, _("when the break ended"), lambda at,
        days: Break.objects.filter(ended_at__lte=_before(at, days)),
        _rows_of(Break), models=("calls.break",),
    ),
    Class(
        DataClass.WEBHOOK, _("when it happened"), lambda at,
        days: Event.objects.filter(created_at__lte=_before(at, days)),
        _rows_of(Event), models=("webhooks.event", "webhooks.delivery"),
    ),
    Class(
        DataClass.NOTICE, _("when it was written"), lambda at,
        days: Notice.objects.filter(created_at__lte=_before(at, days)),
        _rows_of(Notice), models=("notifications.notice",),
    ),
    Class(
        DataClass.NOTICE, _("when it was written"),
        lambda at, days: Outgoing.objects.filter(created_at__lte=_before(at, days), ended_at__isnull=False),
        _rows_of(Outgoing),
        models=("notifications.outgoing",),
    ),
    Class(
        DataClass.SESSION, _("when the session ended"), lambda at,
        days: Session.objects.filter(expire_date__lte=_before(at, days)),
        _erase_sessions, models=("sessions.session",),
    ),
)  # fmt: skip

# What looks like personal data and has no period, and why.
WITHOUT_PERIOD = {
    "optouts.optout": "the register outlives everything (R15)",
    "optouts.lift": "the register outlives everything (R15)",
    "ui.draft": "what somebody typed and did not send goes after seven days at most (ui.tasks.drop_drafts)",
    "optouts.link": "a link in a letter works for as long as the letter; hashes only",
    "optouts.message": "evidence of the register; the text goes when it was judged, the sender was never "
    "kept",
    "contacts.numberdoubt": "a number in doubt outlives its contact, or a list would bring it back (R40); a "
    "hash, no number",
    "contacts.formerword": "what a deleted person had said outlives them, or a list would bring it back (R2, "
    "R20, R25); a hash, no number",
    "contacts.contactlist": "which list it is, nobody who is on it",
    "contacts.metcontact": "goes with its contact, and a day after its import",
    "contacts.datasource": "an agreement between companies: it shows why its contacts were lawful (R3)",
    "sharing.share": "an agreement between departments; a file that was made and not fetched goes within a "
    "day",
    "telephony.dialler": "a secret of a machine, no personal data",
    "webhooks.endpoint": "secrets that sign messages, no personal data",
    "retention.erasure": "the erasure ledger outlives what it erased (R9)",
}
