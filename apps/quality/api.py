"""Recordings, transcripts and complaints from other systems."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from pydantic import StringConstraints

from apps.accounts.api_auth import IdempotencyKey, require_scope
from apps.accounts.models import ApiClient
from apps.accounts.request_types import ClientRequest
from apps.calls.api import Strict, Text
from apps.calls.models import Call
from apps.calls.services import find_number
from apps.core.calendar import clock
from apps.core.calendar.timestamps import possible_or, read_timestamp
from apps.core.errors import HeguiError, NotFound
from apps.core.privacy.free_text import kept_reference
from apps.core.privacy.protected import Protected
from apps.core.web import ids
from apps.core.web.ids import row_number

from . import services
from .models import Complaint

router = Router(tags=["quality"])


class RecordingKept(Schema):
    recording: str = Field(examples=["rc_3"])
    call: str = Field(examples=["cl_2f"])
    media: str = Field(examples=["wav"])
    bytes: int = Field(examples=[960044])
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])


class SegmentIn(Strict):
    """Times in seconds from the beginning of the recording. The speaker is `unknown` where both are on one
    channel."""

    start: Annotated[float, Field(ge=0, le=14_400, allow_inf_nan=False)] = Field(examples=[0.4])
    end: Annotated[float, Field(ge=0, le=14_400, allow_inf_nan=False)] = Field(examples=[3.1])
    speaker: Literal["agent", "client", "unknown"] = Field(examples=["agent"])
    text: Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=r"^[^\x00]*$")] = Field(
        examples=["您好，我是明澜家居的客服。"]
    )


class TranscriptIn(Strict):
    segments: Annotated[list[SegmentIn], Field(min_length=1, max_length=5_000)]


class TranscriptKept(Schema):
    call: str = Field(examples=["cl_2f"])
    segments: int = Field(examples=[42])
    findings: int = Field(examples=[1])
    removed_numbers: int = Field(examples=[0])


class ComplaintIn(Strict):
    kind: Literal["unwanted", "after_no", "false", "manner", "privacy", "money", "other"] = Field(
        examples=["unwanted"]
    )
    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")
    ] = Field(examples=["客户表示多次拒绝后仍接到来电"])
    call: Text | None = Field(None, examples=["cl_2f"])
    contact: Text | None = Field(None, examples=["ct_1a"])
    phone: Text | None = Field(None, examples=["13800001234"])
    reference: Text = Field(examples=["12300-20261124-17"])
    received_at: Any = Field(
        None,
        description="RFC 3339 with offset; now when it cannot be true.",
        examples=["2026-11-24T09:30:00+08:00"],
    )
    dispute: bool = Field(False, examples=[False])
    opt_out: bool = Field(True, examples=[True])


class ComplaintKept(Schema):
    complaint: str = Field(examples=["co_5"])
    due_at: datetime = Field(examples=["2026-11-30T18:00:00+08:00"])


def _length(request: HttpRequest) -> int:
    return row_number(request.META.get("CONTENT_LENGTH") or "") or 0


_AUDIO: dict[str, dict[str, str]] = {
    "audio/wav": {},
    "audio/mpeg": {},
    "audio/ogg": {},
    "audio/mp4": {},
    "application/octet-stream": {},
}


@router.put(
    "calls/{call_id}/recording",
    response={200: RecordingKept, 201: RecordingKept},
    summary="Hand in the recording of a call",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _AUDIO},
        }
    },
)
def put_recording(request: ClientRequest, call_id: str) -> Any:
    """The body is the file itself: WAV, MP3, Ogg (Opus, Vorbis), M4A, AAC or FLAC, identified by its content.
    After the end of the call; the same file again is the one that is stored (200), another one is refused
    (409)."""
    require_scope(request.auth, ApiClient.Scope.RECORDINGS)
    kept, is_new = services.receive_recording(
        client=request.auth, call_id=ids.decode("cl", call_id), read=request.read, length=_length(request)
    )
    payload = {
        "recording": kept.public_id,
        "call": ids.encode("cl", kept.call_number),
        "media": kept.media,
        "bytes": kept.size,
        "sha256": bytes(kept.sha256).hex(),
    }
    return Status(201 if is_new else 200, payload)


@router.post(
    "calls/{call_id}/transcript",
    response={200: TranscriptKept, 201: TranscriptKept},
    summary="Hand in what was said in a call",
)
def post_transcript(
    request: ClientRequest, call_id: str, payload: TranscriptIn, key: IdempotencyKey = None
) -> Any:
    """Segments in order of time. Resident-ID and bank-card numbers are taken out. The same transcript again
    is the one that is stored."""
    require_scope(request.auth, ApiClient.Scope.RECORDINGS)
    kept, is_new = services.take_transcript(
        client=request.auth,
        call_id=ids.decode("cl", call_id),
        raw=[each.model_dump() for each in payload.segments],
    )
    answer = {
        "call": ids.encode("cl", kept.call_id or 0),
        "segments": kept.count,
        "findings": len(kept.findings),
        "removed_numbers": kept.removed,
    }
    return Status(201 if is_new else 200, answer)


@router.post("complaints", response={201: ComplaintKept}, summary="Record a complaint")
def post_complaint(request: ClientRequest, payload: ComplaintIn, key: IdempotencyKey = None) -> Any:
    """By call, by contact or by number; a number beside the call is opted out too. The same reference again
    is the complaint that is stored. `opt_out` puts the number on the register, which is what somebody who
    complains of calls wants unless they say otherwise."""
    client, now = request.auth, clock.now()
    require_scope(client, ApiClient.Scope.COMPLAINTS)
    call = _call(client, payload.call) if payload.call else None
    phone = _number(payload, call)
    kept = services.record_complaint(
        client=client,
        channel=Complaint.Channel.API,
        kind=payload.kind,
        text=payload.text,
        phone=phone,
        call=call,
        received_at=possible_or(read_timestamp(payload.received_at, now=now), now),
        is_dispute=payload.dispute,
        reference=kept_reference(f"{client.pk}:{payload.reference}"),
        opts_out=payload.opt_out
        and (phone is not None or (call is not None and call.contact_id is not None)),
    )
    return Status(201, {"complaint": kept.public_id, "due_at": timezone.localtime(kept.due_at)})


def _number(payload: ComplaintIn, call: Call | None) -> Protected | None:
    """Beside a call what cannot be used is no reason to refuse the complaint."""
    try:
        return find_number(contact=payload.contact, phone=payload.phone)
    except HeguiError:
        if call is None:
            raise
        return None


def _call(client: ApiClient, public_id: str) -> Call:
    call = Call.objects.filter(pk=ids.decode("cl", public_id), campaign__clients=client).first()
    if call is None:
        raise NotFound()
    return call
