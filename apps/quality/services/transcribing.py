"""What was said: taken in from the API, a file or an adapter, encrypted, and examined (R16, R23, R28)."""

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from io import BufferedReader
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient
from apps.calls.models import Call
from apps.core.calendar import clock
from apps.core.errors import BadInput, HeguiError, ServiceAway, WrongState
from apps.core.privacy import forbidden_numbers
from apps.core.privacy.protected import Protected, clear_for_machine
from apps.scripts import queries as scripts

from ..models import Recording, Transcript
from ..rules import examining
from ..rules.examining import Segment
from ..sound import MOST_MS
from .receiving import call_of, open_recording

log = structlog.get_logger(__name__)
MOST_SEGMENTS = 5_000
MOST_TEXT = 2_000
LEASE = timedelta(hours=3)  # longer than any recording is heard; what failed is tried again after it
AWAY = timedelta(minutes=10)
MOST_TRIES = 3
SPEAKERS = (examining.AGENT, examining.CLIENT, examining.UNKNOWN)


class AnotherTranscript(HeguiError):
    code = "another_transcript"
    status = 409


def read_segments(raw: Sequence[Mapping[str, Any]]) -> list[Segment]:
    """Segments as they are sent, times in seconds from the beginning. Raises `BadInput` naming the first that
    is wrong."""
    if not 1 <= len(raw) <= MOST_SEGMENTS:
        raise BadInput(_("A transcript has 1 to %(most)s segments."), most=MOST_SEGMENTS)
    segments: list[Segment] = []
    for place, each in enumerate(raw, 1):
        if not (math.isfinite(each["start"]) and math.isfinite(each["end"])):
            raise BadInput(
                _("Segment %(place)s: it ends before it starts, or lies beyond 4 hours."), place=place
            )
        start, end, speaker, text = (
            round(each["start"] * 1000),
            round(each["end"] * 1000),
            each["speaker"],
            str(each["text"]).strip(),
        )
        if not 0 <= start <= end <= MOST_MS:
            raise BadInput(
                _("Segment %(place)s: it ends before it starts, or lies beyond 4 hours."), place=place
            )
        if segments and start < segments[-1].start:
            raise BadInput(
                _("Segment %(place)s starts before the one above it. Send segments in order of time."),
                place=place,
            )
        if speaker not in SPEAKERS:
            raise BadInput(
                _('Segment %(place)s: the speaker is "agent", "client" or "unknown".'), place=place
            )
        if not text or len(text) > MOST_TEXT or any(ord(char) < 32 and char not in "\t\n\r" for char in text):
            raise BadInput(
                _("Segment %(place)s: its text has 1 to %(most)s characters, without control characters."),
                place=place,
                most=MOST_TEXT,
            )
        segments.append(Segment(start, end, speaker, text))
    return segments


def take_transcript(
    *, client: ApiClient | None, call_id: int, raw: Sequence[Mapping[str, Any]], source: str = "api"
) -> tuple[Transcript, bool]:
    """Store and examine what was said in a call; the transcript, and whether it is new.

    Resident-ID and bank-card numbers are taken out (R1): what was said is kept, the number is not. Raises
    `NotFound`, `WrongState`, `BadInput`, and `AnotherTranscript` when another one is there.
    """
    call = call_of(client, call_id)
    segments = read_segments(raw)
    digest = hashlib.sha256(repr(segments).encode()).digest()
    removed = 0
    clean = []
    for segment in segments:
        text, count = forbidden_numbers.without(segment.text)
        removed += count
        clean.append(Segment(segment.start, segment.end, segment.speaker, text))
    with transaction.atomic():
        if Call.objects.select_for_update(of=("self",)).get(pk=call.pk).contact_id is None:
            raise WrongState(_("The person of this call was deleted: what was said in it is not kept."))
        if known := Transcript.objects.filter(call=call).first():
            if bytes(known.digest) != digest:
                raise AnotherTranscript(_("This call has another transcript already. The first one stays."))
            return known, False
        transcript = Transcript(
            call=call, campaign_id=call.campaign_id, line_id=call.line_id, agent_id=call.agent_id,
            client=client,
            started_at=call.answered_at or call.reserved_at, count=len(clean), source=source[:40],
            digest=digest, removed=removed,
            segments=_encrypted(clean), created_at=clock.now(),
        )  # fmt: skip
        _examine(transcript, clean, call)
        transcript.save()
        return transcript, True


def _encrypted(segments: Sequence[Segment]) -> Protected:
    rows = [[each.start, each.end, each.speaker, each.text] for each in segments]
    return Protected(json.dumps(rows, ensure_ascii=False), "text")


def opened(clear: str) -> list[Segment]:
    """The segments of a transcript whose text was disclosed."""
    return [Segment(start, end, speaker, text) for start, end, speaker, text in json.loads(clear)]


def _examine(transcript: Transcript, segments: Sequence[Segment], call: Call) -> None:
    script, pack = call.script_version.script, scripts.packs_in_force()
    found = examining.find(segments, kind=script.kind, trade=script.trade, pack=pack)
    transcript.findings = [vars(each) for each in found]
    transcript.checks = examining.examine(
        segments, kind=script.kind, pack=pack, company=call.script_version.company, voice=script.voice
    )
    transcript.checks["advice"] = examining.advice(segments, kind=script.kind, trade=script.trade, pack=pack)
    transcript.worst, transcript.rules = examining.worst(found), pack.stamp


@transaction.atomic
def examine_again(transcript: Transcript) -> None:
    """Under the rules that are in force now: a rule that was written since is held to what was said
    before."""
    transcript = Transcript.objects.select_for_update(of=("self",)).get(pk=transcript.pk)
    if transcript.call is None:
        return
    _examine(transcript, opened(clear_for_machine(transcript.segments)), transcript.call)
    transcript.save(update_fields=["findings", "checks", "worst", "rules"])


def when_to_transcribe(recording: Recording) -> datetime | None:
    """When the adapter hears a recording that has been measured: at once, or never."""
    if (
        not settings.HEGUI_SPEECH_TO_TEXT
        or recording.call_id is None
        or Transcript.objects.filter(call=recording.call_id).exists()
    ):
        return None
    return clock.now()


def transcribe_due(*, seconds: float = 50) -> int:
    """Have the adapter of `HEGUI_SPEECH_TO_TEXT` hear what is due, one after the other for so long. Returns
    how many it heard.

    A recording is taken for `LEASE` before it is heard. What raises, or ends its process, leaves it for a
    later try; after `MOST_TRIES` it is given up, which its page says.
    """
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until and (recording := _take_next()) is not None:
        _transcribe(recording)
        count += 1
    return count


@transaction.atomic
def _take_next() -> Recording | None:
    now = clock.now()
    due = (
        Recording.objects.select_for_update(skip_locked=True)
        .filter(transcribe_at__lte=now)
        .order_by("transcribe_at")
    )
    due.filter(transcribe_tries__gte=MOST_TRIES).update(transcribe_at=None)
    recording = due.first()
    if recording is not None:
        recording.transcribe_tries += 1  # by statement: what a worker tries is nothing for the trail
        Recording.objects.filter(pk=recording.pk).update(
            transcribe_at=now + LEASE, transcribe_tries=recording.transcribe_tries
        )
    return recording


def _transcribe(recording: Recording) -> None:
    if when_to_transcribe(recording) is not None:
        adapter = import_string(settings.HEGUI_SPEECH_TO_TEXT)()
        try:
            with open_recording(recording) as stream:
                said = adapter.transcribe(BufferedReader(stream), recording.media)
        except ServiceAway:  # the storage: no fault of this recording
            _mine(recording).update(
                transcribe_tries=F("transcribe_tries") - 1, transcribe_at=clock.now() + AWAY
            )
            raise
        raw = [
            {"start": each.start / 1000, "end": each.end / 1000, "speaker": each.speaker, "text": each.text}
            for each in said
        ]
        if raw:
            _take_said(recording, raw)
    _mine(recording).update(transcribe_at=None)


def _mine(recording: Recording) -> QuerySet[Recording]:
    """The recording as long as no other worker has begun another try."""
    return Recording.objects.filter(pk=recording.pk, transcribe_tries=recording.transcribe_tries)


def _take_said(recording: Recording, raw: Sequence[Mapping[str, Any]]) -> None:
    try:
        take_transcript(
            client=None, call_id=recording.call_number, raw=raw, source=settings.HEGUI_SPEECH_TO_TEXT
        )
    # another came meanwhile, the person was deleted, or the adapter said what no transcript may hold
    except HeguiError as error:
        log.warning("transcript_refused", recording=recording.public_id, why=error.code)
