"""What a worker puts into a pack: a page for people, rows for programs, proofs of the trail, recordings; a
manifest, signed.

    answer.pdf *.jsonl trail.jsonl heads.jsonl [complaint.json transcripts/ recordings/ evidence/] README.txt
    manifest.json {"form", "pack", …, "columns": {stream: names}, "keys": {id: public key}, "files": [{"name",
    "bytes", "sha256"}]} signature.json {"key", "public_key", "signature"} over the canonical JSON of the
    manifest

Every clear value comes by `disclose_to_person` or is recorded as played.
"""

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import structlog
from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.access.services import disclose_to_person
from apps.accounts.models import User
from apps.audit.models import AccessEvent
from apps.audit.services import heads_named, prove, record_access, sign_trail
from apps.audit.trail_tables import streams
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files, signatures
from apps.core.crypto import streams as file_streams
from apps.core.documents.encrypted_zip import encrypted_archive
from apps.core.errors import HeguiError, WrongState
from apps.core.privacy.protected import clear_for_machine
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.quality.models import Complaint, ComplaintEvent, EvidencePack, Recording, Transcript
from apps.quality.services import open_recording, opened

from ..answers import first_page
from ..scopes import PackScope, objects_of, scope_of
from ..sections import SECTIONS, our_lines, reads_of

log = structlog.get_logger(__name__)
FORM = 1
AT_ONCE = 1_000
Members = Iterator[tuple[str, Iterable[bytes]]]
State = EvidencePack.State


def make_pack(job_id: int) -> None:
    """The work of the job. May be killed anywhere and run again; a pack that lapsed meanwhile is thrown
    away."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        pack = EvidencePack.objects.select_related("asked_by", "complaint").get(job=job)
        if pack.state != State.MAKING or pack.passphrase is None:
            raise WrongState()
        try:
            sign_trail()  # so that what happened until now has its proof
        except (OSError, HeguiError) as error:
            log.warning("trail_not_signed", pack=pack.pk, why=type(error).__name__)
        contents: list[dict[str, Any]] = []
        with translation.override(pack.language):
            members = _members(job.owner, pack, scope_of(pack))
            pieces = encrypted_archive(
                clear_for_machine(pack.passphrase), _with_manifest(pack, members, contents)
            )
            name, digest = file_streams.put_hashed(
                jobs.keep_lease(pieces, job), folder="packs", belongs_to=pack.public_id
            )
        try:
            with transaction.atomic():
                _hand_over(pack, name, digest, contents)
                jobs.end(job, state=Job.State.DONE, sentence="")
        except BaseException:
            # a transaction of its own: what failed was rolled back, or only the answer to its commit was lost
            with transaction.atomic():
                if not EvidencePack.objects.filter(pk=pack.pk, file=name).exists():
                    jobs.discard(name)
            raise


def _hand_over(pack: EvidencePack, name: str, digest: bytes, contents: list[dict[str, Any]]) -> None:
    """Raises `WrongState` when the person was erased meanwhile."""
    found = (
        EvidencePack.objects.select_for_update(of=("self",)).filter(pk=pack.pk, state=State.MAKING).first()
    )
    if found is None:
        raise WrongState()
    pack = found
    pack.file, pack.sha256, pack.contents, pack.made_at = name, digest, contents, clock.now()
    pack.state, pack.passphrase = State.APPROVED, None
    pack.save()


def _with_manifest(pack: EvidencePack, members: Members, contents: list[dict[str, Any]]) -> Members:
    """The members, then the manifest that names each of them by size and hash, and its signature."""

    def counted(name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        size, digest = 0, hashlib.sha256()
        for piece in pieces:
            size += len(piece)
            digest.update(piece)
            yield piece
        contents.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})

    for name, pieces in members:
        yield name, counted(name, pieces)
    manifest = {
        "form": FORM, "pack": pack.public_id, "kind": pack.kind, "language": pack.language,
        "recipient": pack.recipient,
        "reason": pack.reason,
        "in_clear": pack.in_clear, "asked_at": signatures.moment(pack.created_at),
        "made_at": signatures.moment(clock.now()),
        "columns": {stream.name: list(stream.columns) for stream in streams()},
        "keys": {name: base64.b64encode(key).decode() for name, key in signatures.public_keys().items()},
        "files": contents,
    }  # fmt: skip
    yield "manifest.json", [json.dumps(manifest, ensure_ascii=False, indent=1).encode()]
    yield "signature.json", [json.dumps(signatures.signature_of(manifest), indent=1).encode()]


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, default=str).encode() + b"\n"


def _lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Rows as lines, some hundred at a time."""
    waiting: list[bytes] = []
    for row in rows:
        waiting.append(_line(row))
        if len(waiting) >= AT_ONCE // 4:
            yield b"".join(waiting)
            waiting.clear()
    yield b"".join(waiting)


def _members(actor: User, pack: EvidencePack, scope: PackScope) -> Members:
    yield "answer.pdf", [first_page(pack, scope)]
    # First what is proved: a decision that a purge takes meanwhile is in neither file, one that is made
    # meanwhile too.
    named: dict[str, set[int]] = defaultdict(set)
    proved: set[int] = set()
    yield "trail.jsonl", _lines(_trail(pack, scope, named, proved))
    yield "heads.jsonl", _lines(heads_named(named))
    for name, rows in SECTIONS.items():
        found = rows(scope)
        yield name, _lines(row for row in found if name != "decisions.jsonl" or row["number"] in proved)
    if pack.in_clear:
        yield from _in_clear(actor, pack, scope)
    yield "README.txt", [_readme(pack).encode()]


def _trail(
    pack: EvidencePack, scope: PackScope, named: dict[str, set[int]], proved: set[int]
) -> Iterator[dict[str, Any]]:
    """Rows of the trail with their proofs. Given as hashes are those that hold a caller number which is none
    of our lines, and, unless in clear for an authority or a court, those that hold a colleague's address or
    e-mail."""
    shows_colleagues = pack.in_clear and pack.recipient != EvidencePack.Recipient.CLIENT
    foreign = set(scope.decisions.exclude(line_asked__in=[*our_lines(), ""]).values_list("pk", flat=True))
    keys = {
        "decisions": scope.decisions.order_by("pk").values_list("pk", flat=True),
        "reads": reads_of(scope).order_by("pk").values_list("pk", flat=True),
        "changes": _changes_of(scope),
    }
    for stream, found in keys.items():
        for proof in prove(stream, list(found)):
            if proof["id"] in foreign if stream == "decisions" else not shows_colleagues:
                if "tree_head" not in proof:
                    continue  # came while the pack was made: a hash alone proves nothing before it is signed
                proof["leaf"] = hashlib.sha256(b"\x00" + proof.pop("row").encode()).hexdigest()
            if stream == "decisions":
                proved.add(proof["id"])
            if "tree_head" in proof:
                named[stream].add(proof["tree_head"])
            yield proof


def _changes_of(scope: PackScope) -> list[int]:
    found: list[int] = []
    for thing in objects_of(scope):
        kind = ContentType.objects.get_for_model(thing)
        found += LogEntry.objects.filter(content_type=kind, object_id=thing.pk).values_list("pk", flat=True)
    return found


def _in_clear(actor: User, pack: EvidencePack, scope: PackScope) -> Members:
    """What only leaves with two people: the words of a complaint, who it is, transcripts, recordings, files
    that prove a consent."""
    why = f"{pack.public_id}: {pack.get_recipient_display()}"
    if scope.complaint is not None:
        yield "complaint.json", _json(_complaint(actor, pack, scope.complaint))
    if scope.contact is not None and scope.contact.blocked_until is None:
        fields = [name for name in ("phone", "name") if getattr(scope.contact, name)]
        clear = _cleared(actor, pack, [(scope.contact, name) for name in fields])
        yield (
            "person.json",
            _json({"person": scope.contact.public_id, **dict(zip(fields, clear, strict=True))}),
        )
    keys = list(scope.calls.values_list("pk", flat=True))
    for transcript in Transcript.objects.filter(call__in=keys).select_related("call").order_by("pk"):
        (clear_text,) = _cleared(actor, pack, [(transcript, "segments")])
        said = {"segments": [vars(each) for each in opened(clear_text)], "findings": transcript.findings}
        yield f"transcripts/{_of(transcript)}.json", _json(said)
    for recording in (
        Recording.objects.filter(call__in=keys)
        .exclude(state=Recording.State.DAMAGED)
        .select_related("call")
        .order_by("pk")
    ):
        record_access(
            kind=AccessEvent.Kind.PLAYED, subject=recording.public_id, purpose=f"dispute: {why}"[:200],
            actor=actor,
            field="quality.recording.file",
        )  # fmt: skip
        with open_recording(recording) as stream:
            yield f"recordings/{_of(recording)}.{recording.media}", stream.between(0, stream.size)
    for consent in scope.consents.exclude(evidence_file=""):
        record_access(
            kind=AccessEvent.Kind.EXPORTED, subject=pack.public_id, purpose=f"evidence pack: {why}"[:200],
            actor=actor,
            field="contacts.consent.evidence_file",
        )  # fmt: skip
        yield f"evidence/consent-{consent.pk}", [encrypted_files.get(consent.evidence_file)]


def _cleared(actor: User, pack: EvidencePack, values: list[tuple[Any, str]]) -> list[str]:
    """Clear values of the one person whom the pack is about, each recorded; "" for one that is not there."""
    purpose = "dispute" if pack.kind == EvidencePack.Kind.COMPLAINT else "evidence pack"
    why = pack.get_recipient_display()
    return disclose_to_person(actor=actor, values=values, subject=pack.public_id, reason=why, purpose=purpose)


def _of(heard: Any) -> str:
    return str(heard.call.public_id) if heard.call else f"{heard.pk}"


def _json(payload: Any) -> list[bytes]:
    return [json.dumps(payload, ensure_ascii=False, indent=1, default=str).encode()]


def _complaint(actor: User, pack: EvidencePack, complaint: Complaint) -> dict[str, Any]:
    text, remedy = _cleared(actor, pack, [(complaint, "text"), (complaint, "remedy")])
    return {
        "complaint": complaint.public_id, "channel": complaint.channel, "kind": complaint.kind,
        "state": complaint.state,
        "received_at": signatures.moment(complaint.received_at), "outcome": complaint.outcome,
        "text": text, "remedy": remedy,
        # who had it is a colleague's name, and no part of the answer
        "events": [{"at": signatures.moment(each.created_at), "kind": each.kind,
        "note": "" if each.kind == ComplaintEvent.Kind.MOVED else each.note}
        for each in complaint.events.all()],
    }  # fmt: skip


def _readme(pack: EvidencePack) -> str:
    return _(
        "Evidence %(pack)s\n\n"
        "answer.pdf answers in three sentences. The other files hold what stands behind it, one row a line "
        "(JSON).\n"
        "To check that nothing was changed: python verify_pack.py FOLDER (Python 3.9 or newer, with the "
        "package cryptography).\n"
        "It prints the fingerprint of the key that signed. Compare it with the one that the organisation "
        "gave you by another way.\n"
    ) % {"pack": pack.public_id}  # fmt: skip
