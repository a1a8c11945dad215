"""The copy for a person who asks to see their data: an encrypted archive, fetched once by a link sent to the
number.

A ZIP archive under WinZip's AES-256, which 7-Zip opens. The officer is shown the passphrase once and tells it
by another way than the link; Hegui keeps the archive encrypted until it is fetched, two weeks at most.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.access.services import disclose_to_person
from apps.accounts.models import User
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.calls.models import Call, Disposition
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.crypto import blind_index, streams
from apps.core.database.locks import lock_number
from apps.core.documents.encrypted_zip import encrypted_archive, new_passphrase
from apps.core.errors import NotFound, ServiceAway, WrongState
from apps.core.privacy.fields import without_values
from apps.core.privacy.protected import Protected, clear_for_machine
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.services import OneTimeDownload, discard
from apps.notifications.services import can_send, queue_sms
from apps.optouts.queries import entries_in_force
from apps.optouts.services.coding import hash_word
from apps.quality.models import Complaint, Recording, Transcript
from apps.quality.services import open_recording

from ..models import CopyOrder, RequestEvent, SubjectRequest
from .handling import locked
from .receiving import note

Kind, State = SubjectRequest.Kind, SubjectRequest.State
KEPT = timedelta(days=14)
LINK_LIFE = timedelta(days=2)  # how long sending the link is tried


@transaction.atomic
def ask_copy(
    *, actor: User, request: SubjectRequest, link_to: Callable[[str], str], address: str | None = None
) -> tuple[SubjectRequest, str]:
    """Have a worker make the archive and its link sent to the number; the request and the passphrase, shown
    this once. Another copy ends the one before.

    `link_to` makes the whole address of a path. Raises `NotAllowed`, `WrongState`, `ServiceAway` where no
    gateway is set up.
    """
    request = locked(actor, request, State.OPEN)
    if not can_send():
        raise ServiceAway()
    passphrase, link = new_passphrase(), link_to(reverse("copy", kwargs={"word": secrets.token_urlsafe(24)}))
    CopyOrder.objects.create(
        request=request, job=jobs.ask_for(kind="copy", task="apps.rights.tasks.make_copy", owner=actor),
        address=address,
        passphrase=Protected(passphrase, "text"), link=Protected(link, "text"), created_at=clock.now(),
    )  # fmt: skip
    return request, passphrase


def make_copy(job_id: int) -> None:
    """The work of the job. May be killed anywhere and run again; a request that was closed meanwhile refuses
    it."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        order = CopyOrder.objects.select_related("request").get(job=job)
        passphrase, link = clear_for_machine(order.passphrase), clear_for_machine(order.link)
        with transaction.atomic():
            request = locked(job.owner, order.request, State.OPEN)
        pieces = encrypted_archive(passphrase, _members(job.owner, request, order.address))
        name, digest = streams.put_hashed(
            jobs.keep_lease(pieces, job), folder="copies", belongs_to=request.public_id
        )
        try:
            with transaction.atomic():
                lock_number(bytes(request.number_index))  # an erasure that is under way is over before
                _hand_over(locked(job.owner, request, State.OPEN), order, name, digest, link)
                CopyOrder.objects.filter(pk=order.pk).update(passphrase=None, link=None)
                jobs.end(job, state=Job.State.DONE, sentence="")
        except BaseException:
            with transaction.atomic():  # a transaction of its own: what failed was rolled back
                discard(name)
            raise


def _hand_over(request: SubjectRequest, order: CopyOrder, name: str, digest: bytes, link: str) -> None:
    """The archive takes the place of the one before; its link goes to the number. Raises `WrongState` when
    another copy was asked for since, or the person was deleted."""
    deleted = SubjectRequest.objects.filter(number_index=bytes(request.number_index), kind=Kind.DELETE)
    is_deleted = deleted.filter(
        events__kind=RequestEvent.Kind.EXECUTED, events__created_at__gt=order.created_at
    ).exists()
    if is_deleted or request.copy_orders.filter(pk__gt=order.pk).exists():
        raise WrongState()
    discard(request.archive)
    request.archive, request.archive_sha256 = name, digest
    token = link.rstrip("/").rpartition("/")[2]
    request.archive_word, request.archive_until, request.archive_fetched_at = (
        hash_word(token),
        clock.now() + KEPT,
        None,
    )
    request.save()
    values = {"day": timezone.localdate(request.archive_until).isoformat(), "link": link}
    text = _("The copy of your data, once and until %(day)s: %(link)s") % values
    queue_sms(number=request.phone, text=text, about=request.public_id, life=LINK_LIFE)


def _json(payload: Any) -> list[bytes]:
    return [json.dumps(payload, ensure_ascii=False, indent=1, default=str).encode()]


def _members(
    actor: User, request: SubjectRequest, address: str | None
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Everything that is kept of the person, each file in words that a person understands."""
    index = bytes(request.number_index)
    why: Any = {"actor": actor, "subject": request.public_id, "reason": "copy", "address": address}
    contact = Contact.objects.select_related("source").filter(number_index=index).first()
    found = Call.objects.filter(number_index=index).exclude(state__in=Call.UNUSED)
    calls = list(found.select_related("campaign", "line").order_by("reserved_at"))
    keys = [call.pk for call in calls]
    if contact is not None:
        phone, name, text = disclose_to_person(
            values=[(contact, "phone"), (contact, "name"), (contact, "note")], **why
        )
        yield "contact.json", _json({
            "phone": phone, "name": name, "note": text, "tags": contact.tags, "time_zones": contact.zones,
            "source": {"name": contact.source.name, "origin": contact.source.get_origin_display(),
            "basis": contact.source.lawful_basis},
            "minor": contact.is_minor, "received_at": contact.created_at, "deleted_after": contact.expires_at,
        })  # fmt: skip
        yield "consents.json", _json([
            {"purpose": each.purpose.name, "third_party": each.recipient, "way": each.get_channel_display(),
            "given_at": each.given_at,
             "wording": each.wording.text, "evidence": each.evidence, "holds_until": each.expires_at,
             "withdrawn_at": each.withdrawn_at,
             "withdrawal": each.withdrawal}
            for each in contact.consents.select_related("purpose", "wording").order_by("given_at")
        ])  # fmt: skip
    results = list(Disposition.objects.filter(call__in=keys))
    notes = dict(
        zip(
            (each.call_id for each in results),
            disclose_to_person(values=[(each, "note") for each in results], **why),
            strict=True,
        )
    )
    reasons = {each.call_id: each.get_reason_display() for each in results}
    yield "calls.json", _json([
        {"at": call.reserved_at, "campaign": call.campaign.name, "caller_number": call.line.number,
        "state": call.get_state_display(),
         "answered_at": call.answered_at, "ended_at": call.ended_at, "result": reasons.get(call.pk),
         "note": notes.get(call.pk)}
        for call in calls
    ])  # fmt: skip
    complaints = list(Complaint.objects.filter(number_index=index).order_by("received_at"))
    words = disclose_to_person(
        values=[(each, name) for each in complaints for name in ("text", "remedy")], **why
    )
    yield "complaints.json", _json([
        {"received_at": each.received_at, "about": each.get_kind_display(), "text": words[2 * place],
        "outcome": each.get_outcome_display(),
         "remedy": words[2 * place + 1]}
        for place, each in enumerate(complaints)
    ])  # fmt: skip
    refused = entries_in_force(blind_index.register_hashes(request.phone).values())
    yield (
        "register.json",
        _json(
            [
                {"said_at": each.said_at, "way": each.get_channel_display(), "scope": each.scope}
                for each in refused
            ]
        ),
    )
    transcripts = list(Transcript.objects.filter(call__in=keys).order_by("started_at"))
    clear = disclose_to_person(values=[(each, "segments") for each in transcripts], **why)
    for each, segments in zip(transcripts, clear, strict=True):
        yield f"transcript-{each.call_id}.json", [segments.encode()]
    for recording in Recording.objects.filter(call__in=keys).exclude(state=Recording.State.DAMAGED):
        record_access(
            kind=AccessEvent.Kind.EXPORTED, subject=recording.public_id,
            purpose=f"subject_request: {request.public_id}", actor=actor,
            field="quality.recording.file", address=address,
        )  # fmt: skip
        with open_recording(recording) as stream:
            yield f"recording-{recording.call_id}.{recording.media}", stream.between(0, stream.size)


@transaction.atomic
def fetch_copy(*, word: str) -> Iterator[bytes]:
    """The archive, once, in pieces. Raises `NotFound` when there is none, it was fetched, or its time is
    over."""
    request = (
        SubjectRequest.objects.select_for_update(of=("self",)).filter(archive_word=hash_word(word)).first()
    )
    if (
        request is None
        or not request.archive
        or request.archive_until is None
        or request.archive_until <= clock.now()
    ):
        raise NotFound()
    content = OneTimeDownload(request.archive, belongs_to=request.public_id)
    request.archive, request.archive_word, request.archive_fetched_at = "", None, clock.now()
    request.save()
    # what it holds went to the trail when it was made; here nobody of ours reads
    note(request, RequestEvent.Kind.FETCHED)
    return content


def let_copies_lapse() -> int:
    """What was not fetched in time goes, and so does what a worker no longer needs. Returns how many
    copies."""
    CopyOrder.objects.filter(job__state__in=[Job.State.REFUSED, Job.State.FAILED]).update(
        passphrase=None, link=None
    )
    lapsed = 0
    for request in (
        without_values(SubjectRequest.objects.all()).filter(archive_until__lt=clock.now()).exclude(archive="")
    ):
        with transaction.atomic():
            discard(request.archive)
            request.archive, request.archive_word = "", None
            request.save(update_fields=["archive", "archive_word"])
            lapsed += 1
    return lapsed


def drop_copies_of(number_index: bytes, *, until: datetime | None = None) -> int:
    """The person is erased: a copy that waits to be fetched goes, asked for before `until`. Returns how
    many."""
    requests = SubjectRequest.objects.filter(
        number_index=number_index, created_at__lte=until or clock.now()
    ).exclude(archive="")
    for archive in requests.values_list("archive", flat=True):
        discard(archive)
    return requests.update(archive="", archive_word=None)
