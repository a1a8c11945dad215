"""What rtpengine recorded of a call: the packets of both sides, key presses among them, as two channels of
sound.

rtpengine writes every packet that reached its ports, also of somebody who sends into a foreign call. Only
packets of the two ends are used: of the addresses that the SIP server saw in their SDP, else of the sender
that was heard most.
"""

import re
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAGIC = 0xA1B2C3D4
RAW_IP = 101
HEADER, RECORD = struct.Struct("<IHHiIII"), struct.Struct("<IIII")
UDP = 17
MOST_RECORD = 65_535
AGENT, CLIENT = "agent", "client"
PORT = re.compile(r"^m=audio ([0-9]+) ", re.MULTILINE)
EVENT = re.compile(r"^a=rtpmap:([0-9]+) telephone-event/", re.MULTILINE | re.IGNORECASE)
CODEC = re.compile(r"^a=rtpmap:([0-9]+) (PCMA|PCMU)/8000", re.MULTILINE | re.IGNORECASE)
KEYS = "0123456789*#ABCD"


class CaptureUnreadable(Exception):
    """The files of a recording do not say what they have to."""


@dataclass(frozen=True)
class Packet:
    """One RTP packet. `at`: seconds since 1970 when it came; `stamp`: of its sender's clock, 8,000 a
    second."""

    at: float
    source: str
    port: int
    kind: int
    stamp: int
    ssrc: int
    payload: bytes


@dataclass(frozen=True)
class Described:
    """The metadata file of a call: where the packets are, which of our ports heard whom, what payloads
    are."""

    pcap: Path
    call: str
    # ours, to which the client's side sends; more than one when an end was moved
    client_ports: frozenset[int]
    agent_ports: frozenset[int]
    events: frozenset[int]
    codecs: dict[int, str]


def call_of(name: str) -> str:
    """The call that a file of rtpengine's belongs to: it has our id as its Call-ID, then its own random
    part."""
    return name.removeprefix("rtpengine-meta-").rpartition("-")[0]


def describe(path: Path, pcaps: Path) -> Described:
    """Read a metadata file. Raises `CaptureUnreadable`."""
    text = path.read_text(errors="replace")
    parts = text.split("SDP mode: ")
    bodies = [part for part in parts[1:] if part.startswith(("offer", "answer"))]
    stem = path.name.removeprefix("rtpengine-meta-").rpartition(".")[0]
    ports = [int(found[1]) for part in bodies if (found := PORT.search(part))]
    if not ports or not bodies[0].startswith("offer"):
        raise CaptureUnreadable("the metadata has no offer")
    # The first SDP goes to the client, with the port that the client sends to; later offers repeat the ports
    # of both ends.
    client, agent = {ports[0]}, {port for port in ports[1:2] if port}
    for port in ports[2:]:
        if port and port not in client | agent:
            raise CaptureUnreadable("the ports of the two ends changed in the call")
    codecs = {int(kind): name.upper() for part in bodies for kind, name in CODEC.findall(part)}
    events = frozenset(int(kind) for part in bodies for kind in EVENT.findall(part))
    return Described(
        pcap=pcaps / f"{stem}.pcap", call=call_of(stem), client_ports=frozenset(client),
        agent_ports=frozenset(agent),
        events=events or frozenset({101}), codecs={0: "PCMU", 8: "PCMA", **codecs},
    )  # fmt: skip


def packets(path: Path) -> Iterator[Packet]:
    """The RTP packets of a file, as far as it is whole: the last record of a killed rtpengine is cut. Raises
    `CaptureUnreadable`."""
    with path.open("rb") as file:
        head = file.read(HEADER.size)
        if not head:
            return
        if len(head) < HEADER.size or HEADER.unpack(head)[0] != MAGIC or HEADER.unpack(head)[6] != RAW_IP:
            raise CaptureUnreadable("it is no capture of IP packets")
        while len(record := file.read(RECORD.size)) == RECORD.size:
            seconds, micros, size, _whole = RECORD.unpack(record)
            if size > MOST_RECORD:
                raise CaptureUnreadable("a record is larger than a packet")
            data = file.read(size)
            if len(data) < size:
                return
            if packet := _rtp(seconds + micros / 1_000_000, data):
                yield packet


def _rtp(at: float, data: bytes) -> Packet | None:
    if len(data) < 40:
        return None
    if data[0] >> 4 == 4:
        start, protocol, source = (data[0] & 15) * 4, data[9], socket.inet_ntop(socket.AF_INET, data[12:16])
    else:
        start, protocol, source = 40, data[6], socket.inet_ntop(socket.AF_INET6, data[8:24])
    if protocol != UDP or len(data) < start + 20:
        return None
    source_port, port = struct.unpack_from("!HH", data, start)
    rtp = data[start + 8 :]
    first, second, _number, stamp, ssrc = struct.unpack_from("!BBHII", rtp)
    if first & 0x20 and 0 < rtp[-1] <= len(rtp) - 12:
        rtp = rtp[: -rtp[-1]]  # padding
    begin = 12 + (first & 15) * 4
    if first >> 6 != 2 or second in range(200, 208):  # no RTP, or RTCP on the same port
        return None
    if first & 0x10:
        if len(rtp) < begin + 4:
            return None
        begin += 4 + int.from_bytes(rtp[begin + 2 : begin + 4], "big") * 4
    return Packet(at, f"{source}:{source_port}", port, second & 0x7F, stamp, ssrc, rtp[begin:])


def of_side(found: list[Packet], ports: frozenset[int], known: str | None) -> list[Packet]:
    """The packets that came to our ports of an end from that end: from the addresses (with spaces between
    them) that it named in its SDP; where none is known, from the one that was heard most."""
    there = [packet for packet in found if packet.port in ports]
    if known:
        return [packet for packet in there if packet.source in known.split()]
    heard = Counter(packet.source for packet in there).most_common(1)
    return [packet for packet in there if heard and packet.source == heard[0][0]]


@dataclass(frozen=True)
class KeyPress:
    key: str
    at: float
    stamp: int


def key_presses(found: list[Packet], events: frozenset[int]) -> list[KeyPress]:
    """The keys pressed (RFC 4733): one for each time stamp, however many packets carry it."""
    pressed: dict[tuple[int, int], KeyPress] = {}
    for packet in found:
        if packet.kind in events and len(packet.payload) >= 4 and packet.payload[0] < len(KEYS):
            pressed.setdefault(
                (packet.ssrc, packet.stamp), KeyPress(KEYS[packet.payload[0]], packet.at, packet.stamp)
            )
    return list(pressed.values())
