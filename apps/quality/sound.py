"""What a recording is, told by its content: kind of file, length, loudness, silence.

FFmpeg (PyAV) reads it from the sealed file as it is opened; nothing is written to a disk in clear. The container is the one
that the first bytes show and no other, and what is not plain sound (pictures, several tracks, other codecs) is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import av
import numpy as np
from django.utils.translation import gettext_lazy as _

from apps.core.errors import BadInput

HEAD = 4096
_M4A_BRANDS = {b"M4A ", b"M4B ", b"mp42", b"mp41", b"isom", b"iso2"}
_CONTAINERS = {"wav": "wav", "mp3": "mp3", "ogg": "ogg", "m4a": "mp4"}
_CODECS = {
    "wav": {"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_alaw", "pcm_mulaw"},
    "mp3": {"mp3", "mp3float"},
    "ogg": {"opus", "vorbis"},
    "m4a": {"aac"},
}
CONTENT_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "m4a": "audio/mp4"}
RATE = 8_000  # telephone sound: enough to measure
WINDOW_MS = 20
MOST_PEAKS = 2_000
SILENT = 184  # of 32,768: 45 dB under full scale
SILENCE_MS = 3_000  # shorter pauses belong to speech
MOST_MS = 4 * 3600 * 1000


class NoSound(BadInput):
    code = "not_a_recording"
    status = 415
    sentence = _("This is no recording: WAV, MP3, Ogg (Opus, Vorbis) and M4A (AAC) are taken, told by their content.")


class SoundDamaged(BadInput):
    code = "recording_damaged"
    sentence = _("The recording cannot be decoded: it is damaged or cut off. Send the whole file again.")


@dataclass(frozen=True)
class Measured:
    """`peaks`: the loudest of each of up to 2,000 equal pieces, 0-255; `silences`: spans in ms; `is_whole`: decoded to its end."""

    duration_ms: int
    peaks: bytes
    silences: list[tuple[int, int]]
    is_whole: bool

    @property
    def is_silent(self) -> bool:
        return not any(self.peaks) or sum(end - start for start, end in self.silences) >= self.duration_ms


def kind_of(head: bytes) -> str:
    """The kind of file by its first bytes. Raises `NoSound`."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"OggS" and (b"OpusHead" in head[:128] or b"\x01vorbis" in head[:128]):
        return "ogg"
    if head[4:8] == b"ftyp" and head[8:12] in _M4A_BRANDS:
        return "m4a"
    if head[:3] == b"ID3" or _begins_frame(head):
        return "mp3"
    raise NoSound()


def _begins_frame(head: bytes) -> bool:
    """The header of an MPEG audio frame, layer III (ISO/IEC 11172-3, 2.4.1.3)."""
    return len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] >> 4 not in {0, 15} and (head[2] >> 2) & 3 != 3


def _opened(file: BinaryIO, media: str) -> Any:
    try:
        return av.open(file, mode="r", format=_CONTAINERS[media], metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError):
        raise SoundDamaged() from None


def _track(container: Any, media: str) -> Any:
    if len(container.streams) != 1 or len(container.streams.audio) != 1:
        raise NoSound(_("A recording holds one track of sound and nothing else."))
    track = container.streams.audio[0]
    if track.codec_context.name not in _CODECS[media]:
        raise NoSound()
    return track


def probe(file: BinaryIO, media: str) -> None:
    """Whether it opens as what it says it is, and its beginning decodes. Raises `NoSound` or `SoundDamaged`."""
    with _opened(file, media) as container:
        track = _track(container, media)
        try:
            if next(container.decode(track), None) is None:
                raise SoundDamaged()
        except (av.error.FFmpegError, ValueError):
            raise SoundDamaged() from None


def measure(file: BinaryIO, media: str) -> Measured:
    """Decode it all. What can be decoded of a damaged recording is measured. Raises `NoSound`, and `SoundDamaged` when nothing can."""
    with _opened(file, media) as container:
        track = _track(container, media)
        told_ms = int(track.duration * track.time_base * 1000) if track.duration else 0
        loudness, samples, is_whole = _loudness(container, track)
    if not samples:
        raise SoundDamaged()
    duration_ms = samples * 1000 // RATE
    is_whole = is_whole and duration_ms >= told_ms * 0.98 - 500 and not _is_cut_off(file, media)
    return Measured(duration_ms, _peaks(loudness), list(_silences(loudness, duration_ms)), is_whole)


def _is_cut_off(file: BinaryIO, media: str) -> bool:
    """Whether a file ends before it says it does, which decoders pass over."""
    size = file.seek(0, 2)
    if media == "wav":
        file.seek(4)
        told = int.from_bytes(file.read(4), "little")
        return told not in {0, 0xFFFFFFFF} and size < told + 8  # a stream that was not ended says 0 or the most
    if media == "ogg":
        file.seek(max(0, size - 65_536))
        tail = file.read()
        last = tail.rfind(b"OggS")
        return last < 0 or not tail[last + 5] & 4  # the last page says that it is the last
    return False


def _loudness(container: Any, track: Any) -> tuple["np.ndarray[Any, Any]", int, bool]:
    """The loudest sample of each 20 ms, how many samples at `RATE` there are, and whether the end was reached."""
    window = RATE * WINDOW_MS // 1000
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    waiting, loud, samples, is_whole = np.empty(0, np.int16), [], 0, True
    frames = _frames(container, track, resampler)
    while True:
        try:
            piece = next(frames, None)
        except (av.error.FFmpegError, ValueError):
            is_whole = False
            break
        if piece is None:
            break
        samples += len(piece)
        if samples > MOST_MS * RATE // 1000:
            raise NoSound(_("The recording is longer than 4 hours."))
        waiting = np.concatenate([waiting, piece])
        whole = len(waiting) // window * window
        loud.append(np.abs(waiting[:whole].astype(np.int32)).reshape(-1, window).max(axis=1))
        waiting = waiting[whole:]
    if len(waiting):
        loud.append(np.abs(waiting.astype(np.int32)).max(keepdims=True))
    return np.concatenate(loud) if loud else np.empty(0, np.int32), samples, is_whole


def _frames(container: Any, track: Any, resampler: Any) -> Iterator["np.ndarray[Any, Any]"]:
    for frame in container.decode(track):
        for even in resampler.resample(frame):
            yield even.to_ndarray().reshape(-1)
    for even in resampler.resample(None):
        yield even.to_ndarray().reshape(-1)


def _peaks(loudness: "np.ndarray[Any, Any]") -> bytes:
    count = min(MOST_PEAKS, len(loudness))
    edges = np.linspace(0, len(loudness), count, endpoint=False).astype(int)
    found: bytes = (np.maximum.reduceat(loudness, edges) * 255 // 32_768).astype(np.uint8).tobytes()
    return found


def _silences(loudness: "np.ndarray[Any, Any]", duration_ms: int) -> Iterator[tuple[int, int]]:
    quiet = np.concatenate([[0], (loudness < SILENT).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(quiet)).reshape(-1, 2) * WINDOW_MS
    for start, end in edges.tolist():
        if end - start >= SILENCE_MS:
            yield int(start), min(int(end), duration_ms)
