"""Listening: a purpose first, rights at every piece, and what was heard into the trail (R10, R17)."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotFound, WrongState

from .. import queries
from ..models import Play, Recording
from ..rules import listening
from ..sound import CONTENT_TYPES
from .receiving import open_recording

LASTS = timedelta(hours=4)
# What the trail can say in one event; more spans are reported by their number.
MOST_WORDS = 150


@dataclass(frozen=True)
class ByteRange:
    """Bytes `start` to `end` (not included) of `size`, as they are opened."""

    start: int
    end: int
    size: int
    content_type: str
    content: Generator[bytes, None, None]


@transaction.atomic
def begin_play(*, actor: User, recording: Recording, purpose: str, address: str | None = None) -> Play:
    """Open a recording for a purpose. Raises `NotFound`, `BadInput` without one of the three purposes,
    `WrongState` when it cannot be played. Agents listen to calls of their own once they were reviewed."""
    if not queries.recordings_of(actor).filter(pk=recording.pk).exists():
        raise NotFound()
    if purpose not in Play.Purpose.values or (actor.role == Role.AGENT and purpose != Play.Purpose.QUALITY):
        raise BadInput(_("Say what you listen for: quality control, a dispute, or improvement (R17)."))
    if recording.state != Recording.State.READY:
        raise WrongState(_("This recording cannot be played: it is damaged, or not measured yet."))
    now = clock.now()
    play = Play.objects.create(
        recording=recording, actor=actor, purpose=purpose, ends_at=now + LASTS, created_at=now
    )
    record_access(
        kind=AccessEvent.Kind.PLAYED, subject=recording.public_id, purpose=purpose, actor=actor,
        address=address,
        field="quality.recording.file",
    )  # fmt: skip
    return play


@transaction.atomic
def serve(*, actor: User, play_id: int, asked: str) -> ByteRange:
    """One piece of a recording that the actor listens to: `asked` is the Range header. Rights are asked each
    time.

    Raises `NotFound` for a play that is another's or over, and for a recording that is no longer the actor's
    to hear; `listening.RangeBeyondEnd`; `DecryptionFailed` where the file was altered.
    """
    play = (
        Play.objects.select_for_update(of=("self",))
        .select_related("recording")
        .filter(pk=play_id, actor=actor)
        .first()
    )
    if (
        play is None
        or play.ends_at <= clock.now()
        or not queries.recordings_of(actor).filter(pk=play.recording_id).exists()
    ):
        raise NotFound()
    stream = open_recording(play.recording)
    start, end = listening.asked_range(asked, stream.size)
    play.served = listening.merged([*_spans(play.served), (start, end)])
    play.save(update_fields=["served"])

    def content() -> Generator[bytes, None, None]:
        with stream:
            yield from stream.between(start, end)

    return ByteRange(start, end, stream.size, CONTENT_TYPES[play.recording.media], content())


def _spans(raw: Sequence[Sequence[int]]) -> list[listening.Span]:
    return [(int(start), int(end)) for start, end in raw]


@transaction.atomic
def note_heard(*, actor: User, play_id: int, heard: Sequence[listening.Span]) -> Play:
    """What the player says was heard, ms; what it says twice is one."""
    play = (
        Play.objects.select_for_update(of=("self",))
        .select_related("recording")
        .filter(pk=play_id, actor=actor)
        .first()
    )
    if play is None:
        raise NotFound()
    last = play.recording.duration_ms or 0
    if len(heard) > 1_000 or any(not 0 <= start <= end <= last + 1_000 for start, end in heard):
        raise BadInput(_("Spans that were heard lie within the recording."))
    play.heard = listening.merged([*_spans(play.heard), *heard], gap=500)[:1_000]
    play.save(update_fields=["heard"])
    return play


def write_plays() -> int:
    """Plays that are over go to the trail with what was heard of them. Returns how many."""
    over = Play.objects.filter(written_at__isnull=True, ends_at__lte=clock.now()).values_list(
        "pk", flat=True
    )[:500]
    return sum(end_play(play_id) for play_id in list(over))


@transaction.atomic
def end_play(play_id: int, actor: User | None = None) -> bool:
    """Write what was heard to the trail, once; with an actor, when the person says that they are done."""
    waiting = (
        Play.objects.select_for_update(of=("self",))
        .select_related("recording")
        .filter(pk=play_id, written_at__isnull=True)
    )
    play = waiting.filter(actor=actor).first() if actor else waiting.first()
    if play is None:
        return False
    record_access(
        kind=AccessEvent.Kind.PLAYED, subject=play.recording.public_id,
        purpose=f"{play.purpose}: {_heard(play)}", actor=play.actor,
        field="quality.recording.file", count=max(1, len(play.heard)),
    )  # fmt: skip
    now = clock.now()
    play.written_at, play.ends_at = now, min(play.ends_at, now)
    play.save(update_fields=["written_at", "ends_at"])
    return True


def _heard(play: Play) -> str:
    """What was heard. A player that says nothing is taken by what it was given."""
    spans, duration, size = _spans(play.heard), play.recording.duration_ms or 0, play.recording.size
    if not spans:
        spans = [(start * duration // size, end * duration // size) for start, end in _spans(play.served)]
    result = listening.in_words(spans)
    if len(result) > MOST_WORDS:
        result = (
            f"{listening.clock_time(listening.length(spans))} in {len(spans)} spans from "
            f"{listening.clock_time(spans[0][0])}"
        )
    return f"heard: {result}" if result else "heard: –"
