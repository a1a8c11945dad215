"""Evidence packs: the one way by which a recording leaves the organisation (R17, R33).

One person asks, for a complaint and for somebody whom the law names: the client, a regulator, a court. Another approves, and is
shown the passphrase, once. Who asked fetches the file, once, within a week. So neither has both, and the two are sent by
different ways. The pack is a ZIP archive under WinZip's AES-256, which 7-Zip opens; Hegui keeps it encrypted until it is fetched.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.access.services import disclose
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.calls.models import Call
from apps.calls.services import explain
from apps.core.calendar import clock
from apps.core.crypto import streams
from apps.core.documents.encrypted_zip import encrypted_archive, new_passphrase
from apps.core.errors import FourEyes, NotAllowed, NotFound, WrongState
from apps.core.privacy.free_text import checked_text
from apps.jobs.services import OneTimeDownload, discard
from apps.notifications.services import notify

from .. import queries
from ..models import Complaint, EvidencePack, Recording, Transcript
from .recording import open_recording
from .transcribing import opened

State = EvidencePack.State
KEPT = timedelta(days=7)


@transaction.atomic
def ask_pack(*, actor: User, complaint: Complaint, recipient: str, reason: str) -> EvidencePack:
    """Ask for the evidence of a complaint. Raises `NotFound`, `BadInput` without recipient or reason."""
    if actor.role not in queries.STAFF or not queries.complaints_of(actor).filter(pk=complaint.pk).exists():
        raise NotFound()
    if recipient not in EvidencePack.Recipient.values:
        raise NotAllowed(_("Evidence goes to the client, a regulator or a court, and to nobody else (R17)."))
    pack = EvidencePack.objects.create(
        complaint=complaint, recipient=recipient, reason=checked_text(reason, _("Say why: the file number, the request."), most=300),
        asked_by=actor, created_at=clock.now(),
    )  # fmt: skip
    notify(User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(pk=actor.pk), "pack_asked", complaint=complaint.public_id)
    return pack


@transaction.atomic
def decide_pack(*, actor: User, pack: EvidencePack, approve: bool) -> tuple[EvidencePack, str]:
    """Approve or refuse, by another officer. The pack and its passphrase, which is shown this once ("" when refused).

    Raises `FourEyes`, `NotAllowed`, `WrongState`.
    """
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    pack = EvidencePack.objects.select_for_update(of=("self",)).select_related("complaint", "asked_by").get(pk=pack.pk)
    if pack.asked_by_id == actor.pk:
        raise FourEyes()
    if pack.state != State.ASKED:
        raise WrongState()
    pack.decided_by, pack.decided_at, pack.state = actor, clock.now(), State.APPROVED if approve else State.REFUSED
    passphrase = ""
    if approve:
        passphrase = new_passphrase()
        pieces, contents = _archive(actor, pack, passphrase)
        pack.file, pack.sha256 = streams.put_hashed(pieces, folder="packs", belongs_to=pack.public_id)
        pack.contents = contents
    pack.save()
    notify([pack.asked_by], "pack_decided", complaint=pack.complaint.public_id)
    return pack, passphrase


def _archive(actor: User, pack: EvidencePack, passphrase: str) -> tuple[Iterator[bytes], list[dict[str, Any]]]:
    """The archive in pieces, and what is in it: name, bytes, SHA-256, whole once the last piece was taken. Every clear value in it
    comes by `disclose` or is recorded as played."""
    contents: list[dict[str, Any]] = []

    def counted(name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        size, digest = 0, hashlib.sha256()
        for piece in pieces:
            size += len(piece)
            digest.update(piece)
            yield piece
        contents.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})

    def members() -> Iterator[tuple[str, Iterable[bytes]]]:
        for name, pieces in _members(actor, pack):
            yield name, counted(name, pieces)
        yield "manifest.json", _json({"pack": pack.public_id, "made_at": clock.now().isoformat(), "files": contents})

    return encrypted_archive(passphrase, members()), contents


def _json(payload: Any) -> list[bytes]:
    return [json.dumps(payload, ensure_ascii=False, indent=1, default=str).encode()]


def _members(actor: User, pack: EvidencePack) -> Iterator[tuple[str, Iterable[bytes]]]:
    complaint, why = pack.complaint, f"{pack.public_id}: {pack.get_recipient_display()}"
    payload = {
        "complaint": complaint.public_id, "channel": complaint.channel, "kind": complaint.kind,
        "received_at": complaint.received_at.isoformat(),
        "state": complaint.state, "outcome": complaint.outcome, "recipient": pack.recipient, "reason": pack.reason,
        "text": disclose(actor=actor, obj=complaint, field="text", purpose="complaint", reason=why),
        "remedy": disclose(actor=actor, obj=complaint, field="remedy", purpose="complaint", reason=why) if complaint.remedy else "",
        "events": [{"at": each.created_at.isoformat(), "kind": each.kind, "note": each.note} for each in complaint.events.all()],
    }  # fmt: skip
    yield "complaint.json", _json(payload)
    if complaint.call is None:
        return
    call = Call.objects.select_related("decision", "script_version__script", "line", "campaign").get(pk=complaint.call.pk)
    yield "call.json", _json(_call(call))
    version = call.script_version
    script = {name: getattr(version, name) for name in ("company", "opening", "purpose", "body", "objections", "way_out", "forbidden")}
    yield "script.json", _json({"script": str(version), "approved_at": version.approved_at, **script})
    if transcript := Transcript.objects.filter(call=call).first():
        clear = disclose(actor=actor, obj=transcript, field="segments", purpose="dispute", reason=why)
        yield "transcript.json", _json({"segments": [vars(each) for each in opened(clear)], "findings": transcript.findings})
    recording = Recording.objects.filter(call=call).exclude(state=Recording.State.DAMAGED).first()
    if recording is not None:
        record_access(
            kind=AccessEvent.Kind.PLAYED, subject=recording.public_id, purpose=f"dispute: {why}"[:200], actor=actor,
            field="quality.recording.file",
        )  # fmt: skip
        with open_recording(recording) as stream:
            yield f"recording.{recording.media}", stream.between(0, stream.size)


def _call(call: Call) -> dict[str, Any]:
    moments = {name: getattr(call, name) for name in ("reserved_at", "answered_at", "ended_at", "opted_out_at")}
    return {
        "call": call.public_id, "campaign": call.campaign.code, "line": call.line.number, "state": call.state,
        "identity_said": call.identity_said,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
        "decision": {
            "id": call.decision.public_id, "at": call.decision.at.isoformat(), "allowed": call.decision.allowed,
            "policy": call.decision.policy,
            "not_applicable": call.decision.not_applicable, "judged_again": explain(call.decision),
        },
    }  # fmt: skip


@transaction.atomic
def fetch_pack(*, actor: User, pack: EvidencePack, address: str | None = None) -> Iterator[bytes]:
    """The archive, once, in pieces, for who asked. Raises `NotFound`, `WrongState` when it was fetched or its week is over."""
    pack = EvidencePack.objects.select_for_update(of=("self",)).get(pk=pack.pk)
    if pack.asked_by_id != actor.pk:
        raise NotFound()
    if pack.state != State.APPROVED or pack.decided_at is None or pack.decided_at < clock.now() - KEPT:
        raise WrongState(_("The pack was fetched already, or its week is over. Ask for another one."))
    content = OneTimeDownload(pack.file, belongs_to=pack.public_id)
    record_access(
        kind=AccessEvent.Kind.EXPORTED, subject=pack.public_id, purpose=f"{pack.recipient}: {pack.reason}"[:200], actor=actor,
        count=len(pack.contents), address=address,
    )  # fmt: skip
    pack.state, pack.fetched_at, pack.file = State.FETCHED, clock.now(), ""
    pack.save()
    return content


@transaction.atomic
def let_packs_lapse() -> int:
    """What was not fetched within a week goes. Returns how many."""
    lapsed = 0
    over = EvidencePack.objects.select_for_update(of=("self",), skip_locked=True)
    for pack in over.filter(state=State.APPROVED, decided_at__lt=clock.now() - KEPT):
        discard(pack.file)
        pack.state, pack.file = State.LAPSED, ""
        pack.save()
        lapsed += 1
    return lapsed


def drop_packs_of(number_index: bytes) -> int:
    """The person is erased: what was made of their disputes and waits to be fetched goes. Returns how many."""
    about = Q(complaint__number_index=number_index) | Q(complaint__call__number_index=number_index)
    packs = EvidencePack.objects.select_for_update(of=("self",)).filter(about, state=State.APPROVED)
    for pack in packs:
        discard(pack.file)
        pack.state, pack.file = State.LAPSED, ""
        pack.save()
    return len(packs)
