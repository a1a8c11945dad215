"""Sound like speech, made by the project itself: nobody's voice.

Each syllable is a sum of harmonics under three formants, its pitch follows the tone of its pinyin, and a hiss
stands for its initial. It cannot be understood; it has the pace, the pauses and the wave form of a telephone
call.
"""

import io
import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

import av
import numpy as np
from pypinyin import Style, lazy_pinyin

from apps.quality.rules.examining import Segment

RATE = 8_000
SYLLABLES_A_SECOND = 4.6
# Formants of the main vowel (Hz), roughly those of Mandarin.
_FORMANTS = {
    "a": (800, 1250, 2600),
    "o": (500, 900, 2500),
    "e": (480, 1250, 2500),
    "i": (300, 2250, 3000),
    "u": (350, 750, 2400),
}
# Pitch over a syllable, by tone, as parts of the speaker's own.
_TONES = {"1": (1.15, 1.15), "2": (0.92, 1.18), "3": (0.85, 0.92), "4": (1.25, 0.82), "5": (1.0, 0.95)}
_HISS = ("zh", "ch", "sh", "z", "c", "s", "x", "q", "j", "f", "h")
_PITCH = {"agent": 205.0, "client": 125.0}


@cache
def _syllable(pinyin: str, speaker: str) -> Any:
    length = int(RATE / SYLLABLES_A_SECOND * 0.92)
    tone = pinyin[-1] if pinyin[-1:].isdigit() else "5"
    vowel = next((char for char in "aoeiu" if char in pinyin), "e")
    start, end = _TONES.get(tone, _TONES["5"])
    pitch = _PITCH[speaker] * np.linspace(start, end, length)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    order = np.arange(1, int(3_300 / pitch.max()))[:, None]
    loudness = sum(
        gain / (1 + ((order * pitch.mean() - formant) / 110) ** 2)
        for gain, formant in zip((1, 0.6, 0.25), _FORMANTS[vowel], strict=True)
    )
    wave = (loudness * np.sin(order * phase)).sum(axis=0)
    wave *= np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / (0.03 * RATE))
    if pinyin.startswith(_HISS):
        hiss = np.random.default_rng(len(pinyin)).normal(0, np.abs(wave).max() * 0.25, RATE // 20)
        wave[: len(hiss)] = hiss * np.hanning(len(hiss)) + wave[: len(hiss)] * 0.3
    return wave / np.abs(wave).max() * (0.5 if speaker == "agent" else 0.42)


def seconds_of(text: str) -> float:
    """How long the text takes to be said."""
    return max(0.4, sum(char.isalnum() for char in text) / SYLLABLES_A_SECOND)


def spoken(segments: Sequence[Segment], *, seconds: float) -> Any:
    """The conversation as samples from -1 to 1, with the noise of a line."""
    count = int(seconds * RATE)
    wave = np.random.default_rng(len(segments)).normal(0, 0.0015, count)
    for segment in segments:
        place = segment.start * RATE // 1000
        for pinyin in lazy_pinyin(
            [char for char in segment.text if char.isalnum()], style=Style.TONE3, neutral_tone_with_five=True
        ):
            sound = _syllable(pinyin, segment.speaker)
            end = min(count, place + len(sound))
            if end > place:
                wave[place:end] += sound[: end - place]
            place += int(RATE / SYLLABLES_A_SECOND)
    return np.clip(wave, -1, 1)


def as_wav(wave: Any) -> bytes:
    """Telephone sound: WAV, µ-law (ITU-T G.711), 8,000 samples a second."""
    magnitude = np.minimum((np.abs(wave) * 32_635).astype(np.int32), 32_635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = magnitude >> (exponent + 3) & 0x0F
    body = (
        (~(((wave < 0).astype(np.int32) << 7) | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes()
    )
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(body),
        b"WAVE",
        b"fmt ",
        16,
        7,
        1,
        RATE,
        RATE,
        1,
        8,
        b"data",
        len(body),
    )
    return head + body


def as_coded(wave: Any, container: str, codec: str, rate: int) -> bytes:
    """The same as FFmpeg codes it: `ogg` with `libopus`, `mp3` with `libmp3lame`, `ipod` (M4A) with `aac`."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        track: Any = file.add_stream(codec, rate=rate)
        track.layout = "mono"
        for start in range(0, len(wave), RATE):
            piece = (wave[None, start : start + RATE] * 32_000).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, start
            file.mux(track.encode(frame))
        file.mux(track.encode(None))
    return out.getvalue()
