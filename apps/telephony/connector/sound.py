"""Packets of G.711 as a WAV file: the agent's side left, the client's right, each where it was in time."""

import struct
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .capture import Packet

RATE = 8_000
# seconds by which a packet may be away from where its sender's clock puts it, before it is put where it came
GAP = 0.2
LONGEST = 4 * 3600  # seconds of a call
PIECE = RATE * 60
Samples = NDArray[np.int16]


def _alaw() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    value = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0)
    )
    return np.where(code & 0x80, value, -value).astype(np.int16)


def _ulaw() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    value = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -value, value).astype(np.int16)


TABLES = {"PCMA": _alaw(), "PCMU": _ulaw()}


def _channel(found: list[Packet], codecs: dict[int, str], begin: float) -> Samples:
    """One side. A packet lies where its sender's clock puts it; a clock that jumps (a transfer, music) is set
    anew by when it came."""
    pieces: list[tuple[int, Samples]] = []
    ssrc: int | None = None
    base_stamp = base_place = 0
    for packet in found:
        codec = codecs.get(packet.kind)
        if codec is None or not packet.payload:
            continue
        came = round((packet.at - begin) * RATE)
        place = base_place + ((packet.stamp - base_stamp + 2**31) % 2**32 - 2**31)
        if packet.ssrc != ssrc or abs(place - came) > GAP * RATE:
            ssrc, base_stamp, base_place, place = packet.ssrc, packet.stamp, came, came
        if 0 <= place < LONGEST * RATE:
            pieces.append((place, TABLES[codec][np.frombuffer(packet.payload, dtype=np.uint8)]))
    channel = np.zeros(max((place + len(sound) for place, sound in pieces), default=0), dtype=np.int16)
    for place, sound in pieces:
        channel[place : place + len(sound)] = sound
    return channel


def _name(path: Path, name: str) -> None:
    """Append a chunk with the name (RIFF INFO, INAM) to a WAV file."""
    text = name.encode()
    text += b"\0" * (2 - len(text) % 2)
    chunk = b"INFOINAM" + struct.pack("<I", len(text)) + text
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.write(b"LIST" + struct.pack("<I", len(chunk)) + chunk)
        whole = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", whole - 8))


def write_wav(
    path: Path, agent: list[Packet], client: list[Packet], codecs: dict[int, str], *, name: str
) -> float:
    """Write both sides as two channels of 16 bits, 8,000 a second; the seconds that it lasts. 0: nothing was
    heard, nothing is written.

    `name` stands in the file too: two calls in which a machine says the same and nobody answers are two
    recordings.
    """
    heard = [packet.at for packet in (*agent, *client) if packet.kind in codecs]
    if not heard:
        return 0.0
    begin = min(heard)
    left, right = _channel(agent, codecs, begin), _channel(client, codecs, begin)
    length = max(len(left), len(right))
    draft = path.with_name(f".{path.name}")
    with wave.open(str(draft), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for start in range(0, length, PIECE):
            both = np.zeros((min(PIECE, length - start), 2), dtype="<i2")
            for column, channel in enumerate((left, right)):
                part = channel[start : start + PIECE]
                both[: len(part), column] = part
            file.writeframes(both.tobytes())
    _name(draft, name)
    draft.rename(path)
    return length / RATE
