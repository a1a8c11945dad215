"""Files as rtpengine leaves them: packets of two sides, its metadata."""

import socket
import struct
from pathlib import Path

CLIENT_PORT, AGENT_PORT = 46000, 46002
CLIENT, AGENT, STRANGER = "192.0.2.20:4000", "192.0.2.10:5000", "192.0.2.66:6000"
SILENCE = b"\xd5" * 160


def rtp(stamp: int, payload: bytes = SILENCE, *, kind: int = 8, ssrc: int = 1) -> bytes:
    return struct.pack("!BBHII", 0x80, kind, stamp // 160 % 65_536, stamp % 2**32, ssrc) + payload


def key(digit: int, stamp: int, *, is_over: bool = False, ssrc: int = 1) -> bytes:
    return rtp(stamp, struct.pack("!BBH", digit, 0x80 if is_over else 0, 160), kind=101, ssrc=ssrc)


def record(at: float, source: str, port: int, data: bytes) -> bytes:
    host, _colon, source_port = source.partition(":")
    udp = struct.pack("!HHHH", int(source_port), port, 8 + len(data), 0) + data
    address = socket.inet_aton(host) + socket.inet_aton("127.0.0.1")
    packet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + address + udp
    return struct.pack("<IIII", int(at), round(at % 1 * 1_000_000), len(packet), len(packet)) + packet


def capture(*records: bytes) -> bytes:
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101) + b"".join(records)


def sides(seconds: float, *, begin: float = 1_000.0, loud: bytes = b"\x2a" * 160) -> list[bytes]:
    """Both speak for so long: the client loudly, the agent softly."""
    found = []
    for place in range(int(seconds * 50)):
        found.append(record(begin + place / 50, CLIENT, CLIENT_PORT, rtp(place * 160, loud)))
        found.append(record(begin + place / 50 + 0.005, AGENT, AGENT_PORT, rtp(place * 160, ssrc=2)))
    return found


def leave(spool: Path, call: str, content: bytes, *, finished: bool = True) -> Path:
    """A recording in the spool; the path of its metadata."""
    stem = f"{call}-0123456789abcdef"
    (spool / "pcaps").mkdir(parents=True, exist_ok=True)
    (spool / "pcaps" / f"{stem}.pcap").write_bytes(content)
    sdp = "v=0\r\nm=audio {} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    text = (
        f"/x/{stem}.pcap\n\n\nTimestamp started ms: 1\nSDP mode: offer\nSDP before RTP packet: "
        f"1\n\n{sdp.format(CLIENT_PORT)}"
        f"Timestamp started ms: 1\nSDP mode: answer\nSDP before RTP packet: 1\n\n{sdp.format(AGENT_PORT)}"
    )
    folder, ending = ("metadata", "txt") if finished else ("tmp", "tmp")
    path = spool / folder / f"rtpengine-meta-{stem}.{ending}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path
