"""What a recording is, identified by its content: kind of file, length, loudness, silence, by channel where
two people have one each.

FFmpeg (PyAV) reads it from the encrypted file as it is decrypted; nothing is written to a disk in clear. The
container is the one that the first bytes show and no other, and what is not plain sound (pictures, several
tracks) is refused. What browsers cannot play is refused by its name, with the command that converts it: a
recording that nobody can hear is none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import av
import numpy as np
from django.utils.translation import gettext_lazy as _

from apps.core.errors import BadInput

HEAD = 4096
_CONTAINERS = {"wav": "wav", "mp3": "mp3", "ogg": "ogg", "m4a": "mp4", "aac": "aac", "fla": "flac"}
_CODECS = {
    "wav": {"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_alaw", "pcm_mulaw"},
    "mp3": {"mp3", "mp3float"},
    "ogg": {"opus", "vorbis"},
    "m4a": {"aac"},
    "aac": {"aac"},
    "fla": {"flac"},
}
CONTENT_TYPES = {
    "wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "m4a": "audio/mp4", "aac": "audio/aac",
    "fla": "audio/flac",
}  # fmt: skip
# What telephone systems write and browsers do not play: by the first bytes, and by FFmpeg's name of the codec
# where its own words say less.
_UNPLAYABLE_FILES = (
    (b"#!AMR", 0, "AMR"), (b".snd", 0, "AU"), (b"AIFF", 8, "AIFF"), (b"AIFC", 8, "AIFF-C"),
    (b"\x30\x26\xb2\x75", 0, "WMA"), (b"caff", 0, "CAF"),
    (b"\x1aE\xdf\xa3", 0, "WebM / Matroska"), (b"AVI ", 8, "AVI"),
    (b"2BIT", 0, "AVR"), (b"Creative Voice", 0, "VOC"), (b"NIST_1A", 0, "SPHERE"),
)  # fmt: skip
_UNPLAYABLE_CODECS = {
    "gsm_ms": "GSM 06.10", "gsm": "GSM 06.10", "adpcm_ms": "Microsoft ADPCM", "adpcm_ima_wav": "IMA ADPCM",
    "adpcm_g726": "G.726 ADPCM",
    "adpcm_g722": "G.722", "g723_1": "G.723.1", "g729": "G.729", "truespeech": "TrueSpeech", "amr_nb": "AMR",
    "amr_wb": "AMR-WB",
    "ilbc": "iLBC", "mp3": "MP3 in another container", "pcm_s16be": "PCM, big-endian",
}  # fmt: skip
CONVERSION = "ffmpeg -i {} -vn -c:a pcm_s16le converted.wav"
# from here on a length says that the writer did not know it: sox, FFmpeg and Asterisk through a pipe
PLACEHOLDER = 0x7FFFF000
RATE = 8_000  # telephone sound: enough to measure
WINDOW_MS = 20
MOST_PEAKS = 2_000
SILENT = 184  # of 32,768: 45 dB under full scale
LEAST_BYTES = 160  # 20 ms of the poorest sound
LOUD = 4 * SILENT  # from here on a side speaks
SILENCE_MS = 3_000  # shorter pauses belong to speech
SAME_SIDE = 0.05  # of the loudness: channels that differ by less are the same sound
MOST_OGG_PAGE = 27 + 255 + 255 * 255  # bytes (RFC 3533)
WRONG_PACKETS = 3  # at most so many, or one in a hundred, may fail to decode in a whole recording
MOST_MS = 4 * 3600 * 1000


class NoSound(BadInput):
    code = "not_a_recording"
    status = 415
    sentence = _(
        "This is no recording that can be taken: those are WAV, MP3, Ogg (Opus, Vorbis), M4A, AAC and FLAC, "
        "identified by their content. "
        "Other sound is converted first, for example: ffmpeg -i recording -vn -c:a pcm_s16le converted.wav"
    )


class CannotBePlayed(NoSound):
    """Sound that FFmpeg reads and browsers do not play."""

    code = "recording_not_playable"
    sentence = _(
        "This is %(what)s, which browsers cannot play. Convert it and send it again, for example: %(command)s"
    )


class SoundEmpty(BadInput):
    code = "recording_empty"
    sentence = _(
        "The recording is a head without sound. Do not send it again: the call is listed as one without a "
        "recording."
    )


class SoundDamaged(BadInput):
    code = "recording_damaged"
    sentence = _("The recording cannot be decoded: it is damaged or cut off. Send the whole file again.")


@dataclass(frozen=True)
class Channel:
    """What one side is like. `peaks` and `silences` as in `Measured`; `spoke_ms`: how long it was loud."""

    peaks: bytes
    silences: list[tuple[int, int]]
    spoke_ms: int


@dataclass(frozen=True)
class Measured:
    """`peaks`: the loudest of each of up to 2,000 equal pieces, 0-255; `silences`: spans in ms; `is_whole`:
    decoded to its end.

    `channels`: two where each side has its own, else none; `together_ms`: how long both were loud at once.
    """

    duration_ms: int
    peaks: bytes
    silences: list[tuple[int, int]]
    is_whole: bool
    channels: tuple[Channel, ...] = ()
    together_ms: int = 0

    @property
    def is_silent(self) -> bool:
        return not any(self.peaks) or sum(end - start for start, end in self.silences) >= self.duration_ms


def kind_of(head: bytes) -> str:
    """The kind of file by its first bytes. Raises `NoSound`, `CannotBePlayed`."""
    if head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"OggS" and (b"OpusHead" in head[:128] or b"\x01vorbis" in head[:128]):
        return "ogg"
    if head[4:8] == b"ftyp":
        return "m4a"
    if head[:4] == b"fLaC":
        return "fla"
    if _is_adts(head):
        return "aac"
    if head[:3] == b"ID3":
        return kind_of(head[_length_of_tag(head) :]) if _is_adts(head[_length_of_tag(head) :]) else "mp3"
    if _begins_frame(head):
        return "mp3"
    for mark, place, what in _UNPLAYABLE_FILES:
        if head[place : place + len(mark)] == mark:
            raise CannotBePlayed(what=what, command=CONVERSION.format("recording"))
    raise NoSound()


def _is_adts(head: bytes) -> bool:
    """The header of an AAC frame (ISO/IEC 13818-7, 6.2): a layer of 0."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def _length_of_tag(head: bytes) -> int:
    """How long an ID3v2 tag is, its own head included: four times seven bits."""
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))


def _begins_frame(head: bytes) -> bool:
    """The header of an MPEG audio frame, layer III (ISO/IEC 11172-3, 2.4.1.3)."""
    return (
        len(head) > 3
        and head[0] == 0xFF
        and head[1] & 0xE6 == 0xE2
        and head[2] >> 4 not in {0, 15}
        and (head[2] >> 2) & 3 != 3
    )


def opened(file: BinaryIO, media: str) -> Any:
    try:
        return av.open(file, mode="r", format=_CONTAINERS[media], metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError):
        raise SoundDamaged() from None


def track_of(container: Any, media: str) -> Any:
    command = CONVERSION.format(f"recording.{media}")
    if len(container.streams) != 1 or len(container.streams.audio) != 1:
        raise NoSound(
            _("A recording holds one track of sound and nothing else. Take it out: %(command)s"),
            command=command,
        )
    track = container.streams.audio[0]
    if not track.codec_context:
        raise NoSound()
    if track.codec_context.name not in _CODECS[media]:
        codec = track.codec_context.codec
        what = _UNPLAYABLE_CODECS.get(codec.canonical_name, codec.long_name)
        raise CannotBePlayed(what=f"{media.upper()} ({what})", command=command)
    return track


def probe(file: BinaryIO, media: str) -> None:
    """Whether it opens as what it says it is, and its beginning decodes. Raises `NoSound`, `SoundEmpty` or
    `SoundDamaged`."""
    if media == "wav":
        _has_sound(file)
    with opened(file, media) as container:
        track = track_of(container, media)
        try:
            if next(container.decode(track), None) is None:
                raise SoundDamaged()
        except (av.error.FFmpegError, ValueError):
            raise SoundDamaged() from None


def measure(file: BinaryIO, media: str) -> Measured:
    """Decode it all. What can be decoded of a damaged recording is measured. Raises `NoSound`, and
    `SoundDamaged` when nothing can."""
    with opened(file, media) as container:
        track = track_of(container, media)
        announced_ms = int(track.duration * track.time_base * 1000) if track.duration else 0
        by_channel, samples, is_whole = _loudness(container, track)
    if not samples:
        raise SoundDamaged()
    loudness, duration_ms = by_channel.max(axis=1), samples * 1000 // RATE
    if media == "wav" and _announced_size(file) is None:
        announced_ms = 0
    is_whole = is_whole and duration_ms >= announced_ms * 0.98 - 500 and not _is_cut_off(file, media)
    silences = list(_silences(loudness, duration_ms))
    if not _has_two_sides(by_channel):
        return Measured(duration_ms, _peaks(loudness), silences, is_whole)
    sides = [
        Channel(_peaks(side), list(_silences(side, duration_ms)), int((side >= LOUD).sum()) * WINDOW_MS)
        for side in by_channel.T
    ]
    together_ms = int((by_channel >= LOUD).all(axis=1).sum()) * WINDOW_MS
    return Measured(duration_ms, _peaks(loudness), silences, is_whole, tuple(sides), together_ms)


def _has_two_sides(by_channel: "np.ndarray[Any, Any]") -> bool:
    """Whether the channels differ: the same sound twice, also turned over, is one side."""
    if by_channel.shape[1] != 2:
        return False
    left, right = by_channel[:, 0].astype(np.int64), by_channel[:, 1].astype(np.int64)
    return bool(np.abs(left - right).sum() > SAME_SIDE * (left + right).sum())


def _announced_size(file: BinaryIO) -> int | None:
    """How many bytes a WAV says that it has, or None when its writer did not know."""
    file.seek(4)
    announced = int.from_bytes(file.read(4), "little")
    return None if announced == 0 or announced >= PLACEHOLDER else announced + 8


def _has_sound(file: BinaryIO) -> None:
    """Raises `SoundEmpty` for a WAV that says, or can say, no more than its head, and `SoundDamaged` for one
    whose sound is missing."""
    size, found = file.seek(0, 2), _data_of(file)
    file.seek(0)
    if found is None:
        return
    start, announced, following = found
    is_known = 0 < announced < PLACEHOLDER or following in _CHUNKS
    if is_known and announced >= LEAST_BYTES and size - start < LEAST_BYTES:
        raise SoundDamaged()
    if min(announced, size - start) < LEAST_BYTES if is_known else size - start < LEAST_BYTES:
        raise SoundEmpty()


_CHUNKS = (b"LIST", b"id3 ", b"bext", b"iXML", b"fact", b"JUNK", b"cue ")  # that may stand behind the sound


def _data_of(file: BinaryIO) -> tuple[int, int, bytes] | None:
    """Where the sound of a WAV begins, how many bytes it says that it has, and its first four; None without
    such a chunk."""
    at = 12
    for _chunk in range(64):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return None
        length = int.from_bytes(head[4:], "little")
        if head[:4] == b"data":
            return at + 8, length, file.read(4)
        at += 8 + length + length % 2
    return None


def _is_cut_off(file: BinaryIO, media: str) -> bool:
    """Whether a file ends before it says it does, or goes on behind that, which decoders pass over."""
    size = file.seek(0, 2)
    if media == "wav":
        announced = _announced_size(file)
        if announced is None:
            return False
        file.seek(announced)
        # another begins behind it, which nobody would hear
        return size < announced or file.read(4) == b"RIFF"
    # its last page has to be there as a whole; that it says that it is the last is no duty of live recorders
    if media == "ogg":
        file.seek(max(0, size - 2 * MOST_OGG_PAGE))
        tail = file.read()
        last = tail.rfind(b"OggS")
        segments = tail[last + 26] if last >= 0 and last + 26 < len(tail) else 0
        return last < 0 or last + 27 + segments + sum(tail[last + 27 : last + 27 + segments]) > len(tail)
    return False


def _loudness(container: Any, track: Any) -> tuple["np.ndarray[Any, Any]", int, bool]:
    """The loudest sample of each 20 ms in each channel (windows × channels), how many samples at `RATE` there
    are in one channel, and whether the end was reached."""
    window = RATE * WINDOW_MS // 1000
    channels = channels_of(track)
    waiting, loud, samples = np.empty((0, channels), np.int16), [], 0
    reader = Packets(container, track)
    for piece in resampled(reader, RATE, channels):
        samples += len(piece)
        if samples > MOST_MS * RATE // 1000:
            raise NoSound(_("The recording is longer than 4 hours."))
        waiting = np.concatenate([waiting, piece])
        whole = len(waiting) // window * window
        loud.append(np.abs(waiting[:whole].astype(np.int32)).reshape(-1, window, channels).max(axis=1))
        waiting = waiting[whole:]
    if len(waiting):
        loud.append(np.abs(waiting.astype(np.int32)).max(axis=0, keepdims=True))
    return np.concatenate(loud) if loud else np.empty((0, channels), np.int32), samples, reader.is_whole


class Packets:
    """The frames of a track, packet by packet. Where files were joined the head of the next is no sound: a
    packet that does not decode is passed over, and many of them are damage."""

    def __init__(self, container: Any, track: Any) -> None:
        self._container, self._track = container, track
        self._packets = self._wrong = 0
        self._reached_end = False

    @property
    def is_whole(self) -> bool:
        return self._reached_end and self._wrong <= max(WRONG_PACKETS, self._packets // 100)

    def __iter__(self) -> Iterator[Any]:
        try:
            for packet in self._container.demux(self._track):
                self._packets += 1
                try:
                    yield from packet.decode()
                except (av.error.FFmpegError, ValueError):
                    self._wrong += 1
            self._reached_end = True
        except (av.error.FFmpegError, ValueError):
            return


def channels_of(track: Any) -> int:
    """How many are looked at: two where there are two, else their sum."""
    return 2 if track.codec_context.channels == 2 else 1


def resampled(frames: Iterable[Any], rate: int, channels: int) -> Iterator["np.ndarray[Any, Any]"]:
    """Pieces of samples × channels, 16 bit."""
    resampler: Any = None
    form: Any = None
    frame: Any
    try:
        for frame in frames:
            # files that were joined may each have another rate
            if form != (frame.format.name, frame.layout.name, frame.sample_rate):
                for even in resampler.resample(None) if resampler else ():
                    yield even.to_ndarray().reshape(-1, channels)
                form = (frame.format.name, frame.layout.name, frame.sample_rate)
                layout = "stereo" if channels == 2 else "mono"
                resampler = av.AudioResampler(format="s16", layout=layout, rate=rate)
            for even in resampler.resample(frame) if resampler else ():
                yield even.to_ndarray().reshape(-1, channels)
        for even in resampler.resample(None) if resampler else ():
            yield even.to_ndarray().reshape(-1, channels)
    except (av.error.FFmpegError, ValueError, MemoryError, OverflowError):
        raise SoundDamaged() from None  # a head that says what no sound has


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
