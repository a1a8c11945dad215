"""A recording on its way in: identified by its content, encrypted while it streams, stored whole or not at
all (R7, R29)."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from io import BufferedReader

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from apps.accounts.models import ApiClient
from apps.calls.models import Call
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files, streams
from apps.core.errors import BadInput, HeguiError, NotFound, WrongState
from apps.policies.models import LEAST_RECORD_DAYS

from .. import sound
from ..models import Recording

LATE = timedelta(hours=1)
RECORD_KEPT = timedelta(days=LEAST_RECORD_DAYS)  # of an erased person, blocked (R34)
PIECE = 256 * 1024
Read = Callable[[int], bytes]


class RecordingTooLarge(HeguiError):
    code = "too_large"
    status = 413
    sentence = gettext_lazy("A recording has at most %(most)s MB.")


class AnotherRecording(HeguiError):
    code = "another_recording"
    status = 409
    sentence = gettext_lazy("This call has another recording already. The first one stays.")


class OfAnotherCall(HeguiError):
    code = "of_another_call"
    status = 409
    sentence = gettext_lazy(
        "This very recording was handed in for another call. Check which call it belongs to."
    )


def belongs_to(call_id: int) -> str:
    """What the sound of a call is bound to: under another call it does not open."""
    return f"call:{call_id}"


def receive_recording(
    *, client: ApiClient | None, call_id: int, read: Read, length: int
) -> tuple[Recording, bool]:
    """Store what `read` gives as the recording of a call; the recording, and whether it is new.

    `length`: how many bytes are announced. The same recording again is the one that is stored. Raises
    `NotFound` for a call that is not the client's, `WrongState` while it goes on or when it was never made,
    `RecordingTooLarge`, `BadInput` for an empty or cut one, `sound.NoSound` and `sound.SoundDamaged` by its
    content, `AnotherRecording`, `OfAnotherCall`. Then nothing was stored.
    """
    call = call_of(client, call_id)
    most = settings.HEGUI_RECORDING_MB * 1024 * 1024
    if length > most:
        raise RecordingTooLarge(most=settings.HEGUI_RECORDING_MB)
    if length <= 0:
        raise BadInput(_("The recording is empty: send its bytes as the body, with Content-Length."))
    head = _read_head(read)
    media = sound.kind_of(head)
    digest = hashlib.sha256()
    pieces = _counted(head, read, length, digest.update)
    known = Recording.everyone.filter(call=call).first()
    if known is not None:
        for _piece in pieces:
            pass
        return _same(known, digest.digest()), False
    name = streams.put(pieces, folder="recordings", belongs_to=belongs_to(call.pk))
    try:
        with streams.DecryptedFile(name, belongs_to=belongs_to(call.pk)) as stream:
            sound.probe(BufferedReader(stream), media)
        return _keep(call, client, name, media, length, digest.digest())
    except BaseException:
        _take_away(name)
        raise


def _take_away(name: str) -> None:
    """Delete the file of a recording that was not kept. Where the database cannot say that no row names it,
    as when the answer to a commit is lost, it stays; a file without a row is found by `check_consistency`."""
    with suppress(OSError, DatabaseError):
        if not Recording.everyone.filter(file=name).exists():
            encrypted_files.delete(name)


def call_of(client: ApiClient | None, call_id: int) -> Call:
    """The call that something is handed in for. Raises `NotFound`, `WrongState`."""
    call = Call.objects.filter(pk=call_id).first()
    if call is None or (client is not None and not call.is_of(client)):
        raise NotFound()
    if client is not None and call.relayed_by_id not in {None, client.pk}:
        raise WrongState(_("The telephone gateway that led this call hands in its recording."))
    if call.state in Call.UNUSED:
        raise WrongState(
            _("This call was never made, so it has no recording. Check which call it belongs to.")
        )
    if not call.is_over:
        raise WrongState(_("The call is still going on. Report its end, then hand in the recording."))
    return call


def _read_head(read: Read) -> bytes:
    head = b""
    while len(head) < sound.HEAD and (piece := read(sound.HEAD - len(head))):
        head += piece
    return head


def _counted(head: bytes, read: Read, length: int, update: Callable[[bytes], None]) -> Iterator[bytes]:
    """The pieces, each passed to `update`. Raises `BadInput` when fewer bytes come than were announced."""
    came = 0
    piece = head
    while piece:
        came += len(piece)
        update(piece)
        yield piece
        piece = read(PIECE)
    if came != length:
        raise BadInput(
            _("%(came)s of %(length)s bytes came. Send the whole recording again."), came=came, length=length
        )


def _same(known: Recording, digest: bytes) -> Recording:
    if bytes(known.sha256) != digest:
        raise AnotherRecording()
    return known


def _keep(
    call: Call, client: ApiClient | None, name: str, media: str, size: int, digest: bytes
) -> tuple[Recording, bool]:
    now = clock.now()
    flaws = [] if call.answered_at else [Recording.Flaw.UNEXPECTED]
    if call.ended_at and now - call.ended_at > LATE:
        flaws.append(Recording.Flaw.LATE)
    try:
        with transaction.atomic():
            is_erased = Call.objects.select_for_update(of=("self",)).get(pk=call.pk).contact_id is None
            if known := Recording.everyone.filter(call=call).first():
                known = _same(known, digest)
                encrypted_files.delete(name)
                return known, False
            recording = Recording.objects.create(
                call=call, call_number=call.pk, campaign_id=call.campaign_id, line_id=call.line_id,
                agent_id=call.agent_id,
                script_version_id=call.script_version_id, client=client,
                started_at=call.answered_at or call.reserved_at,
                file=name, media=media, size=size, sha256=digest, flaws=flaws, created_at=now,
                blocked_until=call.reserved_at + RECORD_KEPT if is_erased else None,
            )  # fmt: skip
            transaction.on_commit(lambda: wake(recording.pk), robust=True)
            return recording, True
    except IntegrityError:
        if not Recording.everyone.filter(sha256=digest).exists():
            raise
        raise OfAnotherCall() from None


def open_recording(recording: Recording) -> streams.DecryptedFile:
    """The clear sound, to be read from any place on. Raises `DecryptionFailed` when the file was altered,
    `FileNotFoundError`."""
    return streams.DecryptedFile(recording.file, belongs_to=belongs_to(recording.call_number))


def wake(recording_id: int) -> None:
    """Tell a worker; when the queue is away, `measure_received` finds the recording within the minute."""
    with suppress(OperationalError):
        current_app.send_task("apps.quality.tasks.measure_recording", args=[recording_id])
