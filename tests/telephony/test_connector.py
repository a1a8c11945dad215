"""The connector alone: nothing in its spool is lost, whatever Hegui answers; recordings hold their two ends
and nobody else."""

import io
import json
import os
import socket
import subprocess
import sys
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from apps.telephony.connector import capture, sound
from apps.telephony.connector.connector import Connector, event_of
from apps.telephony.connector.hegui import Delivery, _taken
from apps.telephony.connector.hegui import Hegui as RealHegui
from apps.telephony.connector.sip_server import NoSuchCall, SipServerAway
from apps.telephony.connector.sip_server import SipServer as RealSipServer
from apps.telephony.connector.spool import Spool, WaitingEvent
from apps.telephony.management.commands.telephony import answer_of
from tests.site import ROOT, free_port

from . import captures


class Hegui:
    """Answers as the test sets it up, and keeps what it was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.files: list[tuple[str, bytes]] = []
        self.answer: tuple[Delivery, dict[str, Any]] = (Delivery.YES, {})
        self.known: dict[str, Any] = {}

    def post(self, path: str, body: dict[str, Any], *, key: str = "") -> tuple[Delivery, dict[str, Any]]:
        self.sent.append((path, body))
        return self.answer

    def put_file(self, path: str, file: Path) -> tuple[Delivery, dict[str, Any]]:
        self.files.append((path, file.read_bytes()))
        return self.answer

    def get(self, path: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.known.get(path)
        return found


class SipServer:
    def __init__(self) -> None:
        self.ended: list[dict[str, str]] = []
        self.is_away = False
        self.has_lost = False

    def open_calls(self) -> int:
        if self.is_away:
            raise SipServerAway("x")
        return 0

    def knows(self, sip: dict[str, str]) -> bool:
        return False

    def forget(self, sip: dict[str, str]) -> None:
        """Nothing to forget."""

    def end(self, sip: dict[str, str]) -> None:
        if self.is_away:
            raise SipServerAway("x")
        if self.has_lost:
            raise NoSuchCall("x")
        self.ended.append(sip)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.spool, self.hegui, self.sip = Spool(folder), Hegui(), SipServer()
        self.connector = self.again()

    def again(self) -> Connector:
        """Another connector on the same spool, as after a crash."""
        self.connector = Connector(self.spool, self.hegui, self.sip)  # type: ignore[arg-type]
        return self.connector

    def put(self, event: str, call: str = "cl_1", detail: str = "", at: float = 0.0) -> None:
        at = at or time.time()
        self.spool.write(event, call, at, detail, name=f"7-{len(list(self.spool.events.iterdir())):06}")

    def step(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            for done in self.connector.send_events(pool):
                done.result()

    @property
    def events(self) -> list[str]:
        return [body["event"] for _path, body in self.hegui.sent]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_events_go_in_order_and_their_files_go_after_the_answer(bench: Bench) -> None:
    for place, event in enumerate(["ringing", "answered", "ended"]):
        bench.put(event, at=1_700_000_000 + place)
    bench.step()
    assert bench.events == ["ringing", "answered", "ended"]
    assert bench.hegui.sent[0][0] == "calls/cl_1/events"
    assert bench.hegui.sent[0][1]["at"] == "2023-11-14T22:13:20+00:00"
    assert bench.spool.names() == set()


def test_what_is_not_taken_stays_and_is_sent_again(bench: Bench) -> None:
    bench.put("answered")
    bench.hegui.answer = (Delivery.LATER, {})
    bench.step()
    assert len(bench.spool.names()) == 1
    bench.step()
    assert bench.events == ["answered"]  # it waits before it asks again
    bench.hegui.answer = (Delivery.YES, {})
    bench.again()
    bench.step()
    assert bench.events == ["answered", "answered"]
    assert bench.spool.names() == set()


def test_one_call_that_fails_holds_up_no_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put("answered", call="cl_bad")
    bench.put("answered", call="cl_good")
    taken = bench.hegui.post

    def post(path: str, body: dict[str, Any], *, key: str = "") -> tuple[Delivery, dict[str, Any]]:
        return (Delivery.LATER, {}) if "cl_bad" in path else taken(path, body, key=key)

    monkeypatch.setattr(bench.hegui, "post", post)
    bench.step()
    bench.put("key", call="cl_good", detail="9")
    bench.step()
    assert bench.events == ["answered", "key"]
    assert len(bench.spool.names()) == 1


def test_what_can_never_be_taken_is_set_aside_with_the_reason(bench: Bench) -> None:
    bench.put("answered")
    bench.hegui.answer = (Delivery.NEVER, {"code": "not_found", "detail": "There is no such call."})
    bench.step()
    (why,) = bench.spool.aside.glob("*.why")
    assert "not_found" in why.read_text()
    assert bench.spool.names() == set()


@pytest.mark.parametrize(
    "content", ["", "{", '{"event": 1}', "[]", '{"event": "ended", "call": "cl_1", "at": "soon"}']
)
def test_unreadable_event_is_set_aside_and_the_others_go(bench: Bench, content: str) -> None:
    (bench.spool.events / "0-bad.json").write_text(content)
    bench.put("ended")
    bench.step()
    assert bench.events == ["ended"]
    assert len(list(bench.spool.aside.glob("*.why"))) == 1


def test_half_written_event_is_left_until_it_is_whole(bench: Bench) -> None:
    (bench.spool.events / ".1-draft.json").write_text('{"event"')
    bench.step()
    assert bench.events == []


def test_call_with_a_key_press_goes_first(bench: Bench) -> None:
    for place in range(40):
        bench.put("ringing", call=f"cl_{place}")
    bench.put("key", call="cl_z", detail="9")
    with ThreadPoolExecutor(1) as pool:
        bench.connector.send_events(pool)
    assert bench.hegui.sent[0] == ("calls/cl_z/events", {**bench.hegui.sent[0][1], "digit": "9"})


def test_key_press_waits_for_nothing_before_it(bench: Bench) -> None:
    bench.put("ringing")
    bench.hegui.answer = (Delivery.LATER, {})
    bench.step()
    bench.put("key", detail="9")
    bench.hegui.sent.clear()
    bench.hegui.answer = (Delivery.YES, {})
    bench.step()
    assert bench.events[0] == "key", "neither for its turn nor for the time at which the call is tried again"


def test_a_nine_ends_the_call_while_hegui_is_away(bench: Bench) -> None:
    bench.put("sip_call", detail="12 34 1 tag call@host")
    bench.put("answered")
    bench.put("key", detail="9")
    bench.put("key", call="cl_2", detail="8")
    bench.hegui.answer = (Delivery.LATER, {})
    bench.step()
    bench.connector._enders.shutdown(wait=True)
    assert [sip["id"] for sip in bench.sip.ended] == ["34"]
    assert len(bench.spool.names()) == 3, "the answer and both keys wait"


def test_key_that_finds_no_room_is_sent_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    connector = Connector(bench.spool, bench.hegui, bench.sip, keys_address=("127.0.0.1", port))  # type: ignore[arg-type]
    bench.spool.remember("cl_1", {"entry": "1", "id": "2", "agent_tag": "a"})

    def full(*args: Any, **named: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bench.spool, "write", full)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtpengine:
        rtpengine.sendto(
            json.dumps({"type": "DTMF", "event": 9, "callid": "cl_1", "source_tag": "c"}).encode(),
            ("127.0.0.1", port),
        )
        connector.hear_keys()
    assert connector._keys is not None
    connector._keys.close()
    connector._enders.shutdown(wait=True)
    assert bench.hegui.sent[0][0] == "calls/cl_1/events"
    assert bench.hegui.sent[0][1]["digit"] == "9"


def test_call_that_the_sip_server_lost_has_ended(bench: Bench) -> None:
    bench.spool.remember("cl_1", {"entry": "1", "id": "2", "cseq": "1", "call_id": "x", "answered": "1000"})
    bench.hegui.known["telephony/calls-to-end"] = {"calls": ["cl_1"]}
    bench.sip.has_lost = True
    bench.connector.end_calls()
    bench.step()
    assert bench.events == ["ended"]


def test_address_that_hangs_is_asked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    hegui, asked = RealHegui(["http://first.example", "http://second.example"], "k"), []

    def request(method: str, url: str, **options: Any) -> httpx.Response:
        asked.append(url.split("/")[2])
        if "first" in url:
            raise httpx.ReadTimeout("x")
        return httpx.Response(200, json={"call": "cl_1"})

    monkeypatch.setattr(hegui._client, "request", request)
    for _again in range(3):
        assert hegui.post("calls/cl_1/events", {})[0] is Delivery.YES
    assert asked == ["first.example", "second.example", "second.example", "second.example"]


def test_answer_that_wants_the_call_ended_ends_it(bench: Bench) -> None:
    bench.put("sip_call", detail="12 34 1 tag call@host")
    bench.put("key", detail="Signal=9\r\nDuration=160")
    bench.hegui.answer = (Delivery.YES, {"end_requested": True})
    bench.step()
    bench.connector._enders.shutdown(wait=True)
    assert bench.sip.ended == [
        {"entry": "12", "id": "34", "cseq": "1", "agent_tag": "tag", "call_id": "call@host"}
    ]
    assert bench.hegui.sent[0][1]["digit"] == "9"


def test_end_that_fails_is_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.spool.remember("cl_1", {"entry": "1", "id": "2", "cseq": "1", "call_id": "x"})
    bench.hegui.known["telephony/calls-to-end"] = {"calls": ["cl_1", "cl_unknown"]}
    bench.sip.is_away = True
    bench.connector.end_calls()
    assert bench.sip.ended == []
    bench.sip.is_away = False
    later = time.monotonic() + 3
    monkeypatch.setattr(time, "monotonic", lambda: later)
    bench.connector.end_calls()
    assert len(bench.sip.ended) == 1


@pytest.mark.parametrize(
    ("event", "detail", "body"),
    [
        ("failed", "486", "busy"),
        ("failed", "408", "no_answer"),
        ("failed", "487", "no_answer"),
        ("failed", "503", "failed"),
        ("failed", "", "failed"),
        ("key", "9", "key"),
        ("key", "Signal= #\r\n", "key"),
        ("key", "hello", None),
        ("key", "\r\nDuration=160\r\nsignal = 9\r\n", "key"),
        ("unknown", "", None),
    ],
)
def test_event_in_hegui_s_words(event: str, detail: str, body: str | None) -> None:
    found = event_of(WaitingEvent(Path("x"), event, "cl_1", 1_700_000_000.5, detail))
    assert (found["event"] if found else None) == body


# -- recordings


def _heard(content: bytes) -> "np.ndarray[Any, Any]":
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8_000)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)


def test_recording_has_the_agent_left_and_the_client_right(bench: Bench) -> None:
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(2)))
    bench.connector.take_recordings()
    ((path, content),) = bench.hegui.files
    heard = _heard(content)
    assert path == "calls/cl_1/recording"
    assert 1.9 <= len(heard) / 8_000 <= 2.1
    assert np.abs(heard[:, 0]).max() < 100 < np.abs(heard[:, 1]).max()
    assert not [each for each in bench.spool.folder.glob("*/*") if each.is_file()]


def test_same_sound_in_two_calls_is_two_recordings(bench: Bench) -> None:
    """A machine says the same to two people who say nothing."""
    for call in ("cl_1", "cl_2"):
        captures.leave(bench.spool.folder, call, captures.capture(*captures.sides(1)))
    bench.connector.take_recordings()
    first, second = (content for _path, content in bench.hegui.files)
    assert first != second
    assert (_heard(first) == _heard(second)).all()


def test_recording_waits_for_hegui_and_for_the_end_of_its_call(bench: Bench) -> None:
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(1)))
    for answer in ((Delivery.LATER, {}), (Delivery.NEVER, {"code": "wrong_state"})):
        bench.hegui.answer = answer
        bench.again().take_recordings()
    assert list(bench.spool.metadata.glob("*.txt"))
    bench.hegui.answer = (Delivery.YES, {})
    bench.again().take_recordings()
    assert not list(bench.spool.metadata.iterdir())
    assert len({content for _path, content in bench.hegui.files}) == 1  # the same file each time


def test_recording_that_hegui_refuses_is_set_aside_whole(bench: Bench) -> None:
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(1)))
    bench.hegui.answer = (Delivery.NEVER, {"code": "too_large"})
    bench.connector.take_recordings()
    assert {path.suffix for path in bench.spool.aside.iterdir()} == {".pcap", ".wav", ".txt", ".why"}
    assert not list(bench.spool.metadata.iterdir())


def test_third_party_is_in_no_recording(bench: Bench) -> None:
    """Also one that sends ten times as much as the client: the SIP server saw from where the client sends."""
    stranger = [
        captures.record(
            1_000 + n / 500,
            captures.STRANGER,
            captures.CLIENT_PORT,
            captures.rtp(n * 160, b"\xaa" * 160, ssrc=9),
        )
        for n in range(500)
    ]
    records = sorted([*captures.sides(1, loud=captures.SILENCE), *stranger], key=lambda each: each[:8])
    bench.spool.remember("cl_1", {"carrier": captures.CLIENT, "dialler": captures.AGENT, "answered": "1000"})
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*records))
    bench.connector.take_recordings()
    assert np.abs(_heard(bench.hegui.files[0][1])).max() < 100


def test_key_of_the_client_in_the_recording_is_reported_once_and_the_agent_s_is_not(bench: Bench) -> None:
    pressed = [
        captures.record(
            1_000.5 + n / 50, captures.CLIENT, captures.CLIENT_PORT, captures.key(9, 4_000, is_over=n > 4)
        )
        for n in range(8)
    ]
    pressed += [captures.record(1_000.7, captures.AGENT, captures.AGENT_PORT, captures.key(5, 5_600, ssrc=2))]
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(0.5), *pressed))
    bench.connector.take_recordings()
    bench.step()
    assert [(body["event"], body["digit"]) for _path, body in bench.hegui.sent] == [("key", "9")]


def test_sound_before_the_answer_is_no_part_of_the_call(bench: Bench) -> None:
    """A ring-back tone comes before anybody answers."""
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(4)))
    bench.spool.remember("cl_1", {"carrier": captures.CLIENT, "dialler": captures.AGENT, "answered": "1003"})
    bench.connector.take_recordings()
    assert 1.4 <= len(_heard(bench.hegui.files[0][1])) / 8_000 <= 1.6


def test_call_that_nobody_answered_leaves_no_recording(bench: Bench) -> None:
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(1)))
    bench.spool.remember("cl_1", {"carrier": captures.CLIENT, "dialler": captures.AGENT})
    bench.put("failed", detail="486")
    bench.connector.take_recordings()
    assert bench.hegui.files == []
    bench.step()
    assert not [each for each in bench.spool.folder.glob("*/*") if each.is_file()]


def test_recording_whose_answer_was_never_noted_is_kept(bench: Bench) -> None:
    """The note was lost with a full disk or a killed server. That nobody answered is not known, so the
    recording is handed in."""
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(1)))
    bench.spool.remember("cl_1", {"carrier": captures.CLIENT, "dialler": captures.AGENT})
    bench.connector.take_recordings()
    assert bench.hegui.files == [], "its outcome may still be on its way"
    for each in bench.spool.pcaps.iterdir():
        os.utime(each, (0, time.time() - 60))
    bench.connector._waits.clear()
    bench.connector.take_recordings()
    assert len(bench.hegui.files) == 1


def test_answer_that_waits_in_the_spool_is_known_before_its_recording_is_looked_at(bench: Bench) -> None:
    """As after a crash: the recording is finished, and nobody has looked at the events yet."""
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(1)))
    bench.put("sip_call", detail="12 34 1 tag call@host", at=999)
    bench.put("answered", at=1_000)
    bench.again().take_recordings()
    assert len(bench.hegui.files) == 1


def test_sound_that_is_not_g711_is_set_aside_and_never_erased(bench: Bench) -> None:
    other = captures.record(
        1_000.1, captures.CLIENT, captures.CLIENT_PORT, captures.rtp(160, b"x" * 20, kind=18)
    )
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(0.1), other))
    bench.connector.take_recordings()
    (why,) = bench.spool.aside.glob("*.why")
    assert "G.711" in why.read_text()
    assert list(bench.spool.aside.glob("*.pcap"))


def test_offer_of_the_carrier_in_the_call_leaves_the_sides_as_they_are(bench: Bench) -> None:
    path = captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(1)))
    text = path.read_text()
    sdp = "SDP mode: {}\r\nm=audio {} RTP/AVP 8 101\r\n"
    path.write_text(
        text
        + sdp.format("offer", captures.AGENT_PORT)
        + sdp.format("answer", captures.CLIENT_PORT)
        + sdp.format("answer", 0)
    )
    bench.connector.take_recordings()
    heard = _heard(bench.hegui.files[0][1])
    assert np.abs(heard[:, 0]).max() < 100 < np.abs(heard[:, 1]).max()


@pytest.mark.parametrize(
    ("status", "content", "taken"),
    [
        (200, b'{"call": "cl_1", "end_requested": false}', Delivery.YES),
        (204, b"", Delivery.YES),
        (200, b"", Delivery.LATER),
        (200, "<html>登录</html>".encode("gbk"), Delivery.LATER),
        (301, b"", Delivery.LATER),
        (401, b'{"code": "unauthorized"}', Delivery.LATER),
        (404, b"", Delivery.LATER),
        (404, b'{"code": "not_found"}', Delivery.LATER),  # a site that is being restored
        (409, b'{"code": "of_another_call"}', Delivery.NEVER),
        (413, b"<html>too large</html>", Delivery.LATER),
        (422, b'{"code": "bad_input"}', Delivery.NEVER),
        (429, b'{"code": "too_many_requests"}', Delivery.LATER),
    ],
)
def test_only_hegui_s_own_answer_ends_the_waiting(status: int, content: bytes, taken: Delivery) -> None:
    assert _taken(httpx.Response(status, content=content))[0] is taken


class _Sip(RealSipServer):
    """Says what it is asked, and fails as often as it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[tuple[Any, ...]] = []
        self.fails: set[str] = set()

    def ask(self, method: str, *params: Any) -> Any:
        self.asked.append((method, *params))
        if method in self.fails:
            raise SipServerAway("x")


def test_addresses_are_read_anew_until_the_sip_server_has_them(tmp_path: Path) -> None:
    sip = _Sip(tmp_path)
    diallers = [{"id": "dl_1", "addresses": ["192.0.2.10/32"], "user": None, "ha1": None}]
    sip.fails = {"permissions.addressReload"}
    with pytest.raises(SipServerAway):
        sip.configure(diallers)
    sip.fails = set()
    sip.configure(diallers)
    assert [method for method, *_ in sip.asked].count("permissions.addressReload") == 2
    sip.configure(diallers)
    assert [method for method, *_ in sip.asked].count("permissions.addressReload") == 2
    assert (tmp_path / "addresses.list").read_text() == "1 192.0.2.10 32 0 dl_1\n"


def test_call_that_rings_is_cancelled_and_one_that_was_answered_is_ended(tmp_path: Path) -> None:
    sip = _Sip(tmp_path)
    known = {"entry": "1", "id": "2", "cseq": "1", "call_id": "x"}
    sip.end(known)
    sip.end({**known, "answered": "1000"})
    assert sip.asked == [("tm.cancel", "x", "1"), ("dlg.end_dlg", 1, 2)]
    sip.fails = {"tm.cancel"}  # it was answered just now
    sip.end(known)
    assert sip.asked[-1] == ("dlg.end_dlg", 1, 2)


def test_capture_that_is_cut_is_used_as_far_as_it_is_whole(bench: Bench) -> None:
    whole = captures.capture(*captures.sides(1))
    captures.leave(bench.spool.folder, "cl_1", whole[:-50])
    bench.connector.take_recordings()
    assert len(_heard(bench.hegui.files[0][1])) > 7_000


@pytest.mark.parametrize(
    "content", [b"no capture at all, but some bytes", b"\xd4\xc3\xb2\xa1" + b"\xff" * 60]
)
def test_damaged_capture_is_set_aside(bench: Bench, content: bytes) -> None:
    captures.leave(bench.spool.folder, "cl_1", content)
    bench.connector.take_recordings()
    assert list(bench.spool.aside.glob("*.why"))
    assert bench.hegui.files == []


def test_recording_in_which_nobody_was_heard_is_none(bench: Bench) -> None:
    captures.leave(bench.spool.folder, "cl_1", captures.capture())
    bench.connector.take_recordings()
    assert bench.hegui.files == []
    assert not list(bench.spool.metadata.iterdir())


def test_what_a_killed_rtpengine_left_is_taken_when_it_no_longer_grows(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures.leave(bench.spool.folder, "cl_1", captures.capture(*captures.sides(1)), finished=False)
    bench.connector.take_recordings()
    assert bench.hegui.files == []
    later = time.monotonic() + 200
    monkeypatch.setattr(time, "monotonic", lambda: later)
    bench.connector.take_recordings()
    bench.connector.take_recordings()
    assert len(bench.hegui.files) == 1


def test_pause_in_the_speech_stays_a_pause() -> None:
    first = [capture.Packet(100.0 + n / 50, "x", 1, 8, n * 160, 1, b"\x2a" * 160) for n in range(10)]
    second = [
        capture.Packet(103.0 + n / 50, "x", 1, 8, 24_000 + n * 160, 1, b"\x2a" * 160) for n in range(10)
    ]
    channel = sound._channel([*first, *second], {8: "PCMA"}, 100.0)
    assert 3.1 <= len(channel) / 8_000 <= 3.3
    assert not channel[4_000:20_000].any()


def test_sender_s_clock_that_jumps_leaves_the_sound_where_it_came() -> None:
    first = [capture.Packet(100.0 + n / 50, "x", 1, 8, n * 160, 1, b"\x2a" * 160) for n in range(10)]
    second = [
        capture.Packet(101.0 + n / 50, "x", 1, 8, 3_000_000_000 + n * 160, 1, b"\x2a" * 160)
        for n in range(10)
    ]
    assert 1.1 <= len(sound._channel([*first, *second], {8: "PCMA"}, 100.0)) / 8_000 <= 1.3


def test_g711_tables_say_what_the_standard_says() -> None:
    """Of ITU-T G.711: the smallest and the greatest values of both signs."""
    assert [int(sound.TABLES["PCMA"][code]) for code in (0xD5, 0x55, 0xAA, 0x2A)] == [8, -8, 32_256, -32_256]
    assert [int(sound.TABLES["PCMU"][code]) for code in (0xFF, 0x7F, 0x80, 0x00)] == [0, 0, 32_124, -32_124]


def test_spool_says_how_full_it_is(bench: Bench) -> None:
    assert bench.spool.bytes == 0
    bench.put("ended")
    assert bench.spool.bytes == len(
        json.dumps({"event": "ended", "call": "cl_1", "at": f"{time.time():.6f}", "detail": ""})
    )
    assert bench.spool.free > 0


def test_connector_runs_where_nothing_of_the_site_is(tmp_path: Path) -> None:
    """Its host has neither the database nor the keys; no server is started for it."""
    home, health = tmp_path / "home", free_port()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "HEGUI_HOME": str(home),
        "HEGUI_GATEWAY_KEY": "hg_none",
    }
    folders = ["--spool", str(tmp_path / "spool"), "--run", str(tmp_path)]
    ports = ["--keys", f"127.0.0.1:{free_port()}", "--health", f"127.0.0.1:{health}"]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "telephony", "--url", "http://127.0.0.1:9", *folders, *ports],
        cwd=ROOT,
        env=env,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                assert (
                    "hegui_connector_events_waiting 0" in httpx.get(f"http://127.0.0.1:{health}/metrics").text
                )
                break
            except httpx.HTTPError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert not home.exists()


def test_its_health_says_what_hangs_and_what_does_not_answer(bench: Bench) -> None:
    connector = bench.connector
    connector.report()
    assert answer_of(connector, "/healthz") == (200, "ok\n")
    bench.sip.is_away = True
    connector.report()
    assert answer_of(connector, "/healthz") == (503, "sip_server does not answer\n")
    bench.sip.is_away, bench.hegui.answer = False, (Delivery.LATER, {})
    connector.report()
    assert answer_of(connector, "/healthz") == (503, "hegui does not answer\n")
    connector._last_ends["take_recordings"] = time.monotonic() - 3600
    assert answer_of(connector, "/healthz")[1].startswith("take_recordings\n")
