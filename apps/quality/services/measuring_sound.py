"""What a recording is like: length, loudness, silence; and whether it fits its call. Done by a task, once."""

from datetime import timedelta
from io import BufferedReader

import structlog
from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.errors import DecryptionFailed
from apps.notifications.services import notify

from .. import sound
from ..models import Recording
from .receiving import open_recording
from .transcribing import when_to_transcribe

log = structlog.get_logger(__name__)
SLACK = timedelta(seconds=30)
SLACK_PERCENT = 20
OF_DECODERS = (ValueError, ArithmeticError, MemoryError)
BATCH = 200
MOST_REFUSED = 5  # of a round: then the storage as a whole is away


def measure_received() -> int:
    """Recordings that nobody has measured yet. Returns how many were."""
    waiting = list(
        Recording.objects.filter(state=Recording.State.RECEIVED)
        .order_by("pk")
        .values_list("pk", flat=True)[:BATCH]
    )
    measured = refused = 0
    for pk in waiting:
        try:
            measure_recording(pk)
        # the storage refuses this one, or is away: those behind it are tried all the same
        except OSError as error:
            log.error("recording_not_measured", recording=pk, why=type(error).__name__)
            refused += 1
            if refused == MOST_REFUSED:
                break
        else:
            measured += 1
    return measured


def measure_recording(recording_id: int) -> None:
    """Measure one. Running twice does no harm: the second finds it measured."""
    recording = (
        Recording.objects.select_related("call")
        .filter(pk=recording_id, state=Recording.State.RECEIVED)
        .first()
    )
    if recording is None:
        return
    try:
        with open_recording(recording) as stream:
            measured = sound.measure(BufferedReader(stream), recording.media)
    # also what a decoder makes of a head that no recording has: it stops nobody behind it
    except (DecryptionFailed, FileNotFoundError, sound.NoSound, sound.SoundDamaged, *OF_DECODERS) as error:
        log.warning("recording_damaged", recording=recording.public_id, why=type(error).__name__)
        _store(recording, state=Recording.State.DAMAGED, flaws=[*recording.flaws, Recording.Flaw.DAMAGED])
        return
    flaws = [*recording.flaws, *_flaws(recording, measured)]
    _store(
        recording, state=Recording.State.READY, flaws=flaws, duration_ms=measured.duration_ms,
        peaks=measured.peaks,
        silences=measured.silences, transcribe_at=when_to_transcribe(recording), **_sides(measured),
    )  # fmt: skip


def _sides(measured: sound.Measured) -> dict[str, object]:
    """What is stored of a recording that has a channel for each side."""
    if not measured.channels:
        return {}
    about = {
        "silences": [side.silences for side in measured.channels],
        "spoke_ms": [side.spoke_ms for side in measured.channels],
        "together_ms": measured.together_ms,
    }
    return {"channel_peaks": b"".join(side.peaks for side in measured.channels), "by_channel": about}


def _flaws(recording: Recording, measured: sound.Measured) -> list[str]:
    found: list[str] = [] if measured.is_whole else [Recording.Flaw.DAMAGED]
    if measured.is_silent:
        found.append(Recording.Flaw.SILENT)
    call = recording.call
    if call and call.answered_at and call.ended_at:
        talked = call.ended_at - call.answered_at
        slack, heard = max(SLACK, talked * SLACK_PERCENT / 100), timedelta(milliseconds=measured.duration_ms)
        # while the client is on hold, some systems do not record
        if not talked - call.held_for - slack <= heard <= talked + slack:
            found.append(Recording.Flaw.LENGTH)
    return found


@transaction.atomic
def _store(recording: Recording, **measured: object) -> None:
    """Nothing, when somebody else measured it or the person was deleted meanwhile."""
    is_stored = Recording.objects.filter(pk=recording.pk, state=Recording.State.RECEIVED).update(**measured)
    if is_stored and measured["state"] == Recording.State.DAMAGED:
        notify(watchers(recording), "recording_damaged", recording=recording.public_id)


def watchers(recording: Recording) -> list[User]:
    """Who answers for a recording: the supervisors of its campaign, and compliance."""
    runs = Q(role=Role.SUPERVISOR, campaignuserpermission__content_object=recording.campaign_id)
    return list(User.objects.filter(Q(role=Role.COMPLIANCE) | runs, is_active=True).distinct())
