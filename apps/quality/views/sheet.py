"""What the pages of a recording and of a review show of a call: the player's data, the transcript, the
marks."""

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.access.services import disclose
from apps.accounts.request_types import StaffRequest
from apps.audit.services import address_of
from apps.core.errors import HeguiError
from apps.core.web.ids import row_number
from apps.scripts import queries as scripts
from apps.scripts.checking import PackRule
from apps.scripts.wording import name_of

from .. import queries, services
from ..models import Play, Recording, Transcript
from ..rules.listening import clock_time


@dataclass(frozen=True)
class TranscriptLine:
    """One segment of a transcript: pieces of its text, each with what was found in it."""

    start: int
    end: int
    speaker: str
    at: str
    pieces: list[tuple[str, str, str]]  # text, level, name


@dataclass(frozen=True)
class Side:
    """One channel of two: how long its side spoke, and how long it was silent at a stretch, in all (ms)."""

    name: str
    spoke_ms: int
    silent_ms: int


@dataclass
class CallSheet:
    """`play` is None until a purpose was named: then there is neither sound nor text."""

    recording: Recording | None = None
    play: Play | None = None
    transcript: Transcript | None = None
    lines: list[TranscriptLine] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    player: dict[str, Any] = field(default_factory=dict)
    sides: list[Side] = field(default_factory=list)
    together_ms: int = 0
    refused: str = ""


def play_of(request: StaffRequest, recording: Recording) -> Play | None:
    """The play that the address names, when it is the viewer's and of this recording."""
    named = row_number(request.GET.get("play", ""))
    if named is None:
        return None
    return Play.objects.filter(
        pk=named, actor=request.user, recording=recording, written_at__isnull=True
    ).first()


def sheet_of(
    request: StaffRequest, *, recording: Recording | None, call_id: int | None, remarks: Any = ()
) -> CallSheet:
    """Everything about the call that the viewer may see and hear now."""
    sheet = CallSheet(recording=recording)
    if recording is not None:
        sheet.play = play_of(request, recording)
    sheet.transcript = queries.transcripts_of(request.user).filter(call=call_id).first() if call_id else None
    if sheet.play is None or recording is None:
        return sheet
    rules = {rule.code: rule for rule in scripts.packs_in_force().rules}
    sheet.marks = _marks(recording, sheet.transcript, rules)
    if sheet.transcript is not None:
        _read(request, sheet, sheet.transcript, sheet.play, rules)
    if about := recording.by_channel:
        spans = zip((_("Upper wave"), _("Lower wave")), about["spoke_ms"], about["silences"], strict=True)
        sheet.sides = [
            Side(name, spoke, sum(end - start for start, end in silences)) for name, spoke, silences in spans
        ]
        sheet.together_ms = about["together_ms"]
    sheet.player = {
        "sound": reverse("play_sound", args=[sheet.play.pk]),
        "heard": reverse("play_heard", args=[sheet.play.pk]),
        "duration": (recording.duration_ms or 0) / 1000,
        "peaks": _peaks_of(recording),
        "marks": sheet.marks,
        "remarks": [{"start": each.start_ms, "end": each.end_ms, "text": each.text} for each in remarks],
    }
    return sheet


def _peaks_of(recording: Recording) -> list[list[float]]:
    """One wave form, or one for each side."""
    both = bytes(recording.channel_peaks or b"")
    sides = [both[: len(both) // 2], both[len(both) // 2 :]] if both else [bytes(recording.peaks or b"")]
    return [[round(value / 255, 3) for value in side] for side in sides]


def _read(
    request: StaffRequest, sheet: CallSheet, transcript: Transcript, play: Play, rules: dict[str, PackRule]
) -> None:
    """The words come out by `disclose` alone, for the purpose of the play; without them the sound is there
    all the same."""
    try:
        clear = disclose(
            actor=request.user, obj=transcript, field="segments", purpose=play.purpose,
            reason=f"play {play.pk}",
            address=address_of(request),
        )  # fmt: skip
    except HeguiError as error:
        sheet.refused = str(error)
        return
    found: dict[int, list[dict[str, Any]]] = {}
    for finding in transcript.findings:
        found.setdefault(finding["segment"], []).append(finding)
    for place, segment in enumerate(services.opened(clear)):
        pieces = list(_pieces(segment.text, found.get(place, []), rules))
        sheet.lines.append(
            TranscriptLine(segment.start, segment.end, segment.speaker, clock_time(segment.start), pieces)
        )


def _pieces(text: str, found: list[dict[str, Any]], rules: dict[str, PackRule]) -> Any:
    """The text cut at its findings; of findings that overlap the first is shown."""
    place = 0
    for finding in sorted(found, key=lambda each: each["start"]):
        start, end = max(place, finding["start"]), finding["end"]
        if start >= end:
            continue
        if start > place:
            yield text[place:start], "", ""
        yield text[start:end], finding["level"], name_of(rules.get(finding["code"]), finding["code"])
        place = end
    if place < len(text):
        yield text[place:], "", ""


def _marks(
    recording: Recording, transcript: Transcript | None, rules: dict[str, PackRule]
) -> list[dict[str, Any]]:
    """What lies on the wave form: findings, key presses, silences. Times in ms."""
    marks = [
        {
            "kind": finding["level"],
            "start": finding["at"],
            "end": finding["at"],
            "label": name_of(rules.get(finding["code"]), finding["code"]),
        }
        for finding in (transcript.findings if transcript else [])
    ]
    call = recording.call
    if call and call.opted_out_at and call.answered_at and call.opted_out_at >= call.answered_at:
        at = int((call.opted_out_at - call.answered_at).total_seconds() * 1000)
        if at <= (recording.duration_ms or 0):
            marks.append({"kind": "key", "start": at, "end": at, "label": _("opted out")})
    marks += [
        {"kind": "silence", "start": start, "end": end, "label": _("silence")}
        for start, end in recording.silences
    ]
    return [
        mark | {"at": clock_time(int(mark["start"]))}
        for mark in sorted(marks, key=lambda each: int(each["start"]))
    ]
