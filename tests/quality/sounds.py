"""Small sounds for tests, and what is handed in with them."""

import io
import math
import struct
from typing import Any

import av
import numpy as np

from apps.calls.models import Call
from apps.quality import services
from apps.quality.models import Recording

RATE = 8_000


def samples(seconds: float, *, pitch: float = 300, quiet: tuple[float, float] = (0, 0)) -> bytes:
    """A tone, 16 bit; nothing between the seconds of `quiet`."""
    count = int(seconds * RATE)
    wave = (np.sin(np.arange(count) * 2 * math.pi * pitch / RATE) * 8_000).astype("<i2")
    wave[int(quiet[0] * RATE) : int(quiet[1] * RATE)] = 0
    return wave.tobytes()


def wav(seconds: float = 60, **about: Any) -> bytes:
    body = samples(seconds, **about)
    return (
        struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            b"RIFF",
            36 + len(body),
            b"WAVE",
            b"fmt ",
            16,
            1,
            1,
            RATE,
            2 * RATE,
            2,
            16,
            b"data",
            len(body),
        )
        + body
    )


def coded(container: str, codec: str, rate: int, seconds: float = 60) -> bytes:
    """The same as FFmpeg codes it."""
    out, body = io.BytesIO(), np.frombuffer(samples(seconds), "<i2")
    with av.open(out, "w", format=container) as file:
        track: Any = file.add_stream(codec, rate=rate)
        track.layout = "mono"
        for start in range(0, len(body), RATE):
            frame = av.AudioFrame.from_ndarray(body[None, start : start + RATE], format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, start
            file.mux(track.encode(frame))
        file.mux(track.encode(None))
    return out.getvalue()


def hand_in(call: Call, content: bytes | None = None) -> Recording:
    """The recording of a call, measured."""
    talked = (call.ended_at - call.answered_at).total_seconds() if call.ended_at and call.answered_at else 60
    # Each call sounds a little different: the same bytes for two calls are refused.
    content = wav(talked, pitch=300 + call.pk % 1_000) if content is None else content
    kept, _is_new = services.receive_recording(
        client=None, call_id=call.pk, read=io.BytesIO(content).read, length=len(content)
    )
    services.measure_recording(kept.pk)
    kept.refresh_from_db()
    return kept
