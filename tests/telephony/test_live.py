"""Calls through real servers: what the gate refuses never reaches the carrier; keys, ends and recordings find
their way (R39).

At full size in `make prove`.
"""

import hashlib
import random
import re
import socket
import ssl
import subprocess
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from apps.calls.models import Call
from apps.demo import loopback_gateway
from apps.optouts.models import OptOut
from apps.quality.models import Recording
from apps.quality.services import open_recording
from apps.telephony import services
from apps.telephony.models import Attempt, Gateway
from tests.proofs import sized
from tests.site import free_port
from tests.world import OTHER_PHONE, PHONE

from .live import Live, live, until

INVITES = sized(150, 1_000)
KILLS = sized(4, 50)
LINE = "01085550101"

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def telephone() -> Iterator[Live]:
    assert not loopback_gateway.missing(), f"This test needs {loopback_gateway.PACKAGES} (apt-get install)."
    # in memory, as on a gateway
    with tempfile.TemporaryDirectory(prefix="hegui-", dir="/dev/shm") as folder, live(Path(folder)) as whole:
        yield whole


def spool_is_empty(telephone: Live) -> bool:
    spool = telephone.gateway.spool
    return not [path for path in spool.glob("*/*") if path.is_file() and path.parent.name != "calls"]


def message_at_carrier(telephone: Live) -> str:
    text = (telephone.gateway.folder / f"carrier-{telephone.gateway.carrier_port}.messages").read_text(
        errors="replace"
    )
    return next(message for message in text.split("-" * 47) if "INVITE sip:" in message)


def _numbers(requests: list[str]) -> list[str]:
    """Whom these INVITEs call."""
    return [number for request in requests for number in re.findall(r"\+86[0-9]{11}", request)]


def _last_at_carrier(telephone: Live, method: str) -> dict[str, str]:
    """The headers of the last request of a method that reached the carrier."""
    text = (telephone.gateway.folder / f"carrier-{telephone.gateway.carrier_port}.messages").read_text(
        errors="replace"
    )
    message = [each for each in text.split("-" * 47) if f"{method} sip:" in each][-1]
    return {
        name.lower(): value.strip()
        for name, _colon, value in (line.partition(":") for line in message.splitlines())
    }


def test_call_passes_is_recorded_in_two_channels_and_reported(telephone: Live, tmp_path: Path) -> None:
    telephone.gateway.carrier()
    telephone.call((PHONE, LINE), talk_ms=3000)
    (request,) = telephone.gateway.invites_at_carrier()
    assert request.startswith("INVITE sip:+8613800001234@127.0.0.1")
    until(lambda: Call.objects.get().state == Call.State.ENDED, why="The end was not reported.")
    until(Recording.everyone.exists, why="The recording did not arrive.")
    recording = Recording.everyone.get()
    assert recording.call == Call.objects.get()
    path = tmp_path / "heard.wav"
    with open_recording(recording) as stream:
        path.write_bytes(stream.read())
    with wave.open(str(path)) as sound:
        assert sound.getnchannels() == 2
        frames = sound.readframes(sound.getnframes())
        assert 2 <= sound.getnframes() / sound.getframerate() <= 6
    left, right = frames[0::4] + frames[1::4], frames[2::4] + frames[3::4]
    assert len(set(left)) > 50  # both sides are heard
    assert len(set(right)) > 50
    until(lambda: spool_is_empty(telephone), why="The spool is not empty.")


def test_carrier_sees_the_line_and_nothing_of_the_dialler(telephone: Live) -> None:
    """The caller number comes from the decision; identities, names and addresses of the dialler stay
    inside."""
    telephone.gateway.carrier()
    telephone.call(
        (PHONE, LINE, 'Remote-Party-ID: "Boss" <sip:13900000000@192.0.2.1>', "X-Secret: 192.0.2.77"),
        scenario="freeswitch",
    )
    message = message_at_carrier(telephone)
    assert re.findall(r"^From: *(<.*?>)", message, re.MULTILINE) == ["<sip:+861085550101@gateway.invalid>"]
    assert re.findall(r"^P-Asserted-Identity: (.*?)\r?$", message, re.MULTILINE) == [
        "<sip:+861085550101@gateway.invalid>"
    ]
    assert not re.search(r"Remote-Party-ID|X-Secret|FreeSWITCH|mod_sofia|1390000|192\.0\.2\.", message)


def test_only_what_the_gate_allows_reaches_the_carrier(telephone: Live) -> None:
    """Of so many INVITEs three of ten must not pass: refused people, nobody's numbers, foreign caller
    numbers."""
    people = telephone.people(INVITES * 7 // 10)
    refused = people[:: len(people) // 10]
    for number in refused:
        telephone.world.opt_out(phone=number)
    spelt = ["{}", "+86{}", "0086{}", "86{}", "{0[:3]}-{0}"]
    rows = [(spelt[place % 4].format(number), LINE) for place, number in enumerate(people)]
    rows += [(f"1390000{number:04d}", LINE) for number in range(INVITES // 10)]  # nobody of ours
    rows += [("110", LINE), ("95588", LINE), ("12345", LINE)] * (INVITES // 50)
    rows += [(PHONE, "02155550199", "X-Hegui-Campaign: spring")] * (INVITES // 20)  # a foreign caller number
    random.Random(7).shuffle(rows)
    telephone.gateway.carrier()
    telephone.call(*rows, rate=25, talk_ms=200)
    allowed = len(people) - len(set(refused))
    arrived = telephone.gateway.invites_at_carrier()
    assert len(arrived) == allowed
    assert Attempt.objects.filter(codes=[]).count() == allowed
    assert Attempt.objects.count() == len(rows)
    dialled = set(_numbers(arrived))
    assert dialled == {f"+86{number}" for number in people} - {f"+86{number}" for number in refused}
    until(
        lambda: Call.objects.filter(state=Call.State.ENDED).count() == allowed,
        seconds=60,
        why="Not every end was reported.",
    )


def test_nothing_passes_while_hegui_is_away_and_calls_again_after(telephone: Live) -> None:
    people = telephone.people(80)
    telephone.gateway.carrier()
    telephone.call(*[(number, LINE) for number in people[:20]], rate=20, talk_ms=100)
    assert len(telephone.gateway.invites_at_carrier()) == 20
    dialler = telephone.gateway.dialler(
        [(number, LINE) for number in people[20:40]], rate=20, talk_ms=100, name="away"
    )
    time.sleep(0.3)
    telephone.kill_hegui()  # in the middle of the second
    dialler.wait(timeout=60)
    before = len(telephone.gateway.invites_at_carrier())
    telephone.call(*[(number, LINE) for number in people[40:50]], rate=20, talk_ms=100)
    assert len(telephone.gateway.invites_at_carrier()) == before  # nothing while it is away
    assert 20 <= before < 40  # killed while it was asked
    assert before <= Attempt.objects.filter(codes=[]).count()
    telephone.start_hegui()
    tries = iter(people[60:])

    def is_asked_again() -> bool:
        telephone.call((next(tries), LINE), talk_ms=100)
        return len(telephone.gateway.invites_at_carrier()) > before

    until(is_asked_again, seconds=30, why="The gateway did not ask again.")
    before = len(telephone.gateway.invites_at_carrier())
    telephone.call(*[(number, LINE) for number in people[50:60]], rate=20, talk_ms=100)
    assert len(telephone.gateway.invites_at_carrier()) == before + 10
    reached = set(_numbers(telephone.gateway.invites_at_carrier()))
    made = Call.objects.filter(made_at__isnull=False)
    until(lambda: made.count() == len(reached), seconds=60, why="Events of the time without Hegui were lost.")


@pytest.mark.parametrize("scenario", ["carrier-key", "carrier-info"])
def test_key_9_ends_the_call_and_opts_out(telephone: Live, scenario: str) -> None:
    carrier = telephone.gateway.carrier(scenario)
    dialler = telephone.gateway.dialler([(PHONE, LINE)], talk_ms=20_000)
    until(OptOut.objects.exists, why="The key was not heard.")
    until(lambda: Call.objects.get().is_over, seconds=10, why="The call was not ended.")
    assert Call.objects.get().opted_out_at
    dialler.wait(timeout=20)  # it was hung up on, long before its twenty seconds
    invite, bye = (_last_at_carrier(telephone, method) for method in ("INVITE", "BYE"))
    assert bye["call-id"] == invite["call-id"]  # the carrier knows its call by it
    assert bye["from"] == invite["from"]
    assert "127.0.0.1:" not in bye["from"]
    until(
        Recording.everyone.exists,
        seconds=10,
        why="The recording of a call that the gateway ended did not arrive.",
    )
    carrier.kill()
    telephone.gateway.carrier()  # which has seen nothing yet
    telephone.call((PHONE, LINE), name="again")
    assert telephone.gateway.invites_at_carrier() == []
    assert "opted_out" in Attempt.objects.order_by("-at")[0].codes


def test_key_pressed_while_the_connector_was_away_opts_out_later(telephone: Live) -> None:
    telephone.gateway.carrier("carrier-key")
    telephone.gateway.end("connector", kill=True)
    telephone.call((PHONE, LINE), talk_ms=4000)
    assert not OptOut.objects.exists()
    telephone.gateway.start_connector()
    until(OptOut.objects.exists, seconds=30, why="The key was lost.")
    until(lambda: spool_is_empty(telephone), seconds=30, why="The spool is not empty.")


def test_opt_out_elsewhere_ends_the_call(telephone: Live) -> None:
    telephone.gateway.carrier()
    dialler = telephone.gateway.dialler([(PHONE, LINE)], talk_ms=30_000)
    until(lambda: Call.objects.filter(state=Call.State.ANSWERED).exists(), why="It was not answered.")
    telephone.world.opt_out()
    until(lambda: Call.objects.get().is_over, seconds=10, why="The call was not ended.")
    dialler.wait(timeout=20)


def test_opt_out_while_it_rings_stops_the_ringing(telephone: Live) -> None:
    telephone.gateway.carrier("carrier-ring")
    telephone.gateway.dialler([(PHONE, LINE)], talk_ms=1_000)
    until(lambda: Call.objects.filter(state=Call.State.RINGING).exists(), why="It does not ring.")
    telephone.world.opt_out()
    messages = telephone.gateway.folder / f"carrier-{telephone.gateway.carrier_port}.messages"
    until(
        lambda: "CANCEL sip:" in messages.read_text(errors="replace"),
        seconds=10,
        why="The carrier was not told.",
    )
    until(lambda: Call.objects.get().is_over, seconds=10, why="The end was not reported.")


def test_supervisor_ends_a_call(telephone: Live) -> None:
    telephone.gateway.carrier()
    dialler = telephone.gateway.dialler([(PHONE, LINE)], talk_ms=30_000)
    until(lambda: Call.objects.filter(state=Call.State.ANSWERED).exists(), why="It was not answered.")
    services.end_call(actor=telephone.world.people["supervisor"], call=Call.objects.get())
    until(lambda: Call.objects.get().is_over, seconds=10, why="The call was not ended.")
    dialler.wait(timeout=20)


def test_reservation_of_the_api_is_led_to_the_carrier_once(telephone: Live) -> None:
    telephone.gateway.carrier()
    call = telephone.world.authorize(client=telephone.world.client, knows_number=True).call
    assert call
    rows = [(PHONE, LINE, f"X-Hegui-Call: {call.public_id}")] * 3
    telephone.call(*rows, rate=1, talk_ms=100)
    assert len(telephone.gateway.invites_at_carrier()) == 1
    assert Call.objects.get().relayed_by == telephone.telephony.gateway


def test_line_limit_refuses_and_releases(telephone: Live) -> None:
    """The second wall: what the line has no room for is told to Hegui as not dialled."""
    services.record_trunk(
        actor=telephone.world.people["admin"],
        trunk=telephone.telephony.trunk,
        lines=[telephone.world.line],
        calls_at_once=1,
    )
    telephone.world.add_contact(OTHER_PHONE)
    telephone.gateway.carrier()
    telephone.call((PHONE, LINE), (OTHER_PHONE, LINE), rate=2, talk_ms=2000)
    assert len(telephone.gateway.invites_at_carrier()) == 1
    until(
        lambda: Call.objects.filter(state=Call.State.RELEASED).count() == 1,
        why="The call that was not sent is not released.",
    )


# -- others than the diallers, and what they send


def _send(telephone: Live, message: str, source: str = "127.0.0.1", *, side: str = "dialler") -> str:
    """The first line of what comes back; empty when nothing does."""
    port = telephone.gateway.dialler_port if side == "dialler" else telephone.gateway.carrier_side
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind((source, 0))
        link.settimeout(1)
        own = f"{source}:{link.getsockname()[1]}"
        link.sendto(
            message.replace("OWN", own).replace("\n", "\r\n").encode("utf-8", "surrogateescape"),
            ("127.0.0.1", port),
        )
        try:
            return link.recv(65_536).decode(errors="replace").split("\r\n")[0]
        except TimeoutError:
            return ""


def _invite(
    to: str = PHONE, line: str = LINE, *, more: str = "", sdp: str | None = None, call: str = ""
) -> str:
    body = (
        sdp
        if sdp is not None
        else "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9000 RTP/AVP 8\n"
    )
    return (
        f"INVITE sip:{to}@gateway SIP/2.0\nVia: SIP/2.0/UDP OWN;branch=z9hG4bK{random.random()}\nFrom: "
        f"<sip:{line}@OWN>;tag=1\n"
        f"To: <sip:{to}@gateway>\nCall-ID: {call or random.random()}\nCSeq: 1 INVITE\nContact: "
        f"<sip:x@OWN>\nMax-Forwards: 70\n{more}"
        "Content-Type: application/sdp\nContent-Length: "
        f"{len(body.replace(chr(10), '__').encode())}\n\n{body}"
    )


def test_stranger_gets_no_answer_and_is_counted(telephone: Live) -> None:
    assert _send(telephone, _invite(), source="127.0.0.77") == ""
    assert not Attempt.objects.exists()
    until(
        lambda: Gateway.objects.filter(strangers=1).exists(), seconds=30, why="The stranger was not reported."
    )


def test_digest_is_asked_for_where_the_dialler_has_one(telephone: Live) -> None:
    services.set_digest(
        actor=telephone.world.people["admin"], dialler=telephone.telephony.dialler, user="pbx"
    )
    until(
        lambda: (telephone.gateway.run / "addresses.list").read_text().startswith("2 "),
        why="The gateway was not told.",
    )
    until(lambda: "407" in _send(telephone, _invite()), why="No challenge.")
    assert not Attempt.objects.exists()


class OverStream:
    """A dialler that speaks SIP over TCP, or over TLS 1.3 with `authority`: its own requests, and what it is
    answered."""

    def __init__(self, port: int, authority: Path | None = None) -> None:
        self.link = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.transport = "TLS" if authority else "TCP"
        if authority:
            context = ssl.create_default_context(cafile=str(authority))
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            self.link = context.wrap_socket(self.link, server_hostname="gateway.invalid")
        self.own = f"127.0.0.1:{self.link.getsockname()[1]}"
        self.got = b""

    def send(self, message: str) -> None:
        text = message.replace("SIP/2.0/UDP", f"SIP/2.0/{self.transport}")
        text = text.replace("@OWN>", f"@OWN;transport={self.transport.lower()}>").replace("OWN", self.own)
        self.link.sendall(text.replace("\n", "\r\n").encode())

    def answer(self) -> tuple[dict[str, list[str]], str]:
        """The next final answer: its headers by name in lower case (the first line under ""), and its
        body."""
        while True:
            while b"\r\n\r\n" not in self.got:
                self.got += self.link.recv(65_536)
            head, _blank, rest = self.got.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            headers: dict[str, list[str]] = {"": [first]}
            for name, _colon, value in (line.partition(":") for line in lines):
                headers.setdefault(name.strip().lower(), []).append(value.strip())
            length = int(headers["content-length"][0])
            while len(rest) < length:
                rest += self.link.recv(65_536)
            self.got, body = rest[length:], rest[:length].decode()
            if not first.startswith("SIP/2.0 1"):
                return headers, body

    def within(self, method: str, number: int, answered: dict[str, list[str]]) -> str:
        """A request within the call that `answered` answers."""
        contact = re.search(r"<([^>]*)>", answered["contact"][0])
        assert contact
        hops = [hop.strip() for line in answered.get("record-route", []) for hop in line.split(",")]
        route = "".join(f"Route: {hop}\n" for hop in reversed(hops))
        return (
            f"{method} {contact[1]} SIP/2.0\nVia: SIP/2.0/UDP OWN;branch=z9hG4bK{random.random()}\nFrom: "
            f"{answered['from'][0]}\n"
            f"To: {answered['to'][0]}\nCall-ID: {answered['call-id'][0]}\nCSeq: {number} "
            f"{method}\nMax-Forwards: 70\n{route}"
            "Content-Length: 0\n\n"
        )


SRTP = (
    "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9000 RTP/SAVP 8\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n"
)


def test_dialler_speaks_tls_and_srtp_and_the_carrier_neither(telephone: Live) -> None:
    gateway, port = telephone.gateway, free_port()
    key, certificate = gateway.folder / "gateway-key.pem", gateway.folder / "gateway.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
        "2", "-keyout", str(key),
         "-out", str(certificate), "-subj", "/CN=gateway.invalid", "-addext",
         "subjectAltName=DNS:gateway.invalid"],
        check=True, capture_output=True,
    )  # fmt: skip
    example = (settings.BASE_DIR / "deploy" / "telephony" / "tls.cfg.example").read_text()
    (gateway.folder / "tls.cfg").write_text(
        example.replace("/etc/kamailio/gateway-key.pem", str(key)).replace("/etc/kamailio/gateway.pem",
        str(certificate))
        .replace("/etc/kamailio/diallers-ca.pem", str(certificate))
    )  # fmt: skip
    gateway.more_local = ["#!define WITH_TLS", f'#!substdef "!DIALLER_TLS_ADDRESS!127.0.0.1:{port}!g"']
    gateway.end("kamailio")
    gateway.start_kamailio()
    gateway.carrier()
    body = _whole_call(OverStream(port, certificate), SRTP)
    assert "RTP/SAVP" in body
    assert "a=crypto:" in body
    message = message_at_carrier(telephone)
    assert "RTP/AVP" in message
    assert "SAVP" not in message
    assert "crypto" not in message


def test_dialler_speaks_tcp(telephone: Live) -> None:
    telephone.gateway.carrier()
    assert "RTP/AVP" in _whole_call(OverStream(telephone.gateway.dialler_port))


def _whole_call(dialler: OverStream, sdp: str | None = None) -> str:
    """A call from the INVITE to the end, and another that is refused on the same connection. The SDP of the
    answer."""
    dialler.send(_invite(sdp=sdp))
    answered, body = dialler.answer()
    assert answered[""] == ["SIP/2.0 200 OK"]
    dialler.send(dialler.within("ACK", 1, answered))
    until(lambda: Call.objects.filter(state=Call.State.ANSWERED).exists(), why="It was not answered.")
    dialler.send(dialler.within("BYE", 2, answered))
    ended = dialler.answer()[0]
    assert (ended[""], ended["cseq"]) == (["SIP/2.0 200 OK"], ["2 BYE"])
    until(lambda: Call.objects.get().state == Call.State.ENDED, why="The end was not reported.")
    dialler.send(_invite(to="13900000000", sdp=sdp))
    assert dialler.answer()[0][""] == ["SIP/2.0 603 Declined"]
    dialler.link.close()
    return body


def _proved(challenge: str, user: str, password: str, uri: str) -> str:
    """The answer to a digest challenge (RFC 2617, qop auth)."""
    said = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    key = md5(f"{user}:{said['realm']}:{password}")
    response = md5(f"{key}:{said['nonce']}:00000001:abc:auth:{md5(f'INVITE:{uri}')}")
    return (
        f'Proxy-Authorization: Digest username="{user}", realm="{said["realm"]}", nonce="{said["nonce"]}", '
        f'uri="{uri}", qop=auth, '
        f'nc=00000001, cnonce="abc", response="{response}"\n'
    )


def test_dialler_proves_by_digest_who_it_is(telephone: Live) -> None:
    _dialler, password = services.set_digest(
        actor=telephone.world.people["admin"], dialler=telephone.telephony.dialler, user="pbx"
    )
    until(
        lambda: (telephone.gateway.run / "addresses.list").read_text().startswith("2 "),
        why="The gateway was not told.",
    )
    telephone.gateway.carrier()
    for secret, status in (("wrong", "407"), (password, "200")):
        dialler = OverStream(telephone.gateway.dialler_port)
        dialler.send(_invite())
        challenged, _body = dialler.answer()
        assert "407" in challenged[""][0]
        dialler.send(
            _invite(more=_proved(challenged["proxy-authenticate"][0], "pbx", secret, f"sip:{PHONE}@gateway"))
        )
        assert dialler.answer()[0][""][0].split()[1] == status
        dialler.link.close()
    assert len(telephone.gateway.invites_at_carrier()) == 1
    assert "pbx" not in message_at_carrier(telephone)


MALFORMED = [
    (_invite(sdp=""), "488"),
    (_invite().replace("INVITE sip:", "INVITE tel:"), ""),
    (_invite(to="%31%33%38"), ""),
    (_invite(more='X-Hegui-Agent: "x\\"},{\n'), ""),
    (_invite(more="X-Hegui-Call: cl_\udcff\udcfe\n"), ""),
    (_invite().replace("CSeq: 1 INVITE", "CSeq: 1 BYE"), "400"),
    (_invite().replace("Max-Forwards: 70", "Max-Forwards: 0"), "483"),
    (_invite().replace("INVITE", "REGISTER"), "405"),
    (_invite().replace("INVITE", "REFER"), "405"),
    ("INVITE sip:x SIP/2.0\n\n", ""),
    ("\x00\x01\x02", ""),
    ("INVITE " + "x" * 9000 + " SIP/2.0\n\n", ""),
]


def test_malformed_and_foreign_requests_reach_no_carrier(telephone: Live) -> None:
    telephone.gateway.carrier()
    for message, answer in MALFORMED:
        got = _send(telephone, message)
        assert answer in got, message
        assert "200" not in got, message
    assert telephone.gateway.invites_at_carrier() == []
    telephone.call((PHONE, LINE), talk_ms=50)
    assert len(telephone.gateway.invites_at_carrier()) == 1  # it goes on


def test_bye_of_a_foreigner_ends_no_call(telephone: Live) -> None:
    telephone.gateway.carrier()
    telephone.gateway.dialler([(PHONE, LINE)], talk_ms=4000)
    until(lambda: Call.objects.filter(state=Call.State.ANSWERED).exists(), why="It was not answered.")
    sent = (telephone.gateway.folder / "dialler.messages").read_text()
    ack = next(message for message in sent.split("-" * 47) if "ACK sip:" in message)
    ack = ack[ack.index("ACK sip:") :].strip() + "\n\n"
    bye = re.sub(
        r"Via: .*",
        "Via: SIP/2.0/UDP OWN;branch=z9hG4bKforeign",
        ack.replace("1 ACK", "2 BYE").replace("ACK sip:", "BYE sip:"),
    )
    assert "481" in _send(telephone, bye, source="127.0.0.66")
    assert "481" in _send(telephone, bye.replace("tag=", "tag=x"), source="127.0.0.1")
    assert Call.objects.get().state == Call.State.ANSWERED


def test_same_invite_replayed_is_no_second_call(telephone: Live) -> None:
    telephone.gateway.carrier()
    invite = _invite(call="replayed@dialler")
    _send(telephone, invite)
    until(lambda: len(telephone.gateway.invites_at_carrier()) == 1, why="It did not pass.")
    _send(telephone, invite)
    _send(telephone, re.sub(r"branch=\S+", "branch=z9hG4bKother", invite))
    time.sleep(1)
    assert len(telephone.gateway.invites_at_carrier()) == 1
    assert Call.objects.count() == 1


def test_flood_of_a_dialler_is_bounded_and_the_gateway_goes_on(telephone: Live) -> None:
    for _each in range(800):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.sendto(
                _invite(to="12345").replace("OWN", "127.0.0.1:9").replace("\n", "\r\n").encode(),
                ("127.0.0.1", telephone.gateway.dialler_port),
            )
    telephone.gateway.carrier()
    time.sleep(2)
    telephone.call((PHONE, LINE), talk_ms=50)
    assert len(telephone.gateway.invites_at_carrier()) == 1


# -- killed at any point


def test_connector_killed_at_random_loses_and_doubles_nothing(telephone: Live) -> None:
    people = telephone.people(12 * KILLS)
    telephone.gateway.carrier()
    dialler = telephone.gateway.dialler(
        [(number, LINE) for number in people], rate=6, talk_ms=400, seconds=300
    )
    chance = random.Random(28)
    for _each in range(KILLS):
        time.sleep(chance.uniform(0.2, 2.5))
        telephone.gateway.end("connector", kill=True)
        telephone.gateway.start_connector()
    dialler.wait(timeout=300)
    until(
        lambda: Call.objects.filter(state=Call.State.ENDED).count() == len(people),
        seconds=60,
        why="Events were lost.",
    )
    assert Call.objects.filter(answered_at__isnull=True).count() == 0
    until(lambda: Recording.everyone.count() == len(people), seconds=60, why="Recordings were lost.")
    until(lambda: spool_is_empty(telephone), seconds=30, why="The spool is not empty.")
    assert len(telephone.gateway.invites_at_carrier()) == Call.objects.count() == len(people)


def test_sip_server_killed_at_random_leads_nothing_that_hegui_does_not_know(telephone: Live) -> None:
    people = telephone.people(12 * KILLS)
    telephone.gateway.carrier()
    telephone.gateway.dialler([(number, LINE) for number in people], rate=6, talk_ms=400, seconds=300)
    chance = random.Random(29)
    for _each in range(KILLS):
        time.sleep(chance.uniform(0.2, 2.5))
        telephone.gateway.end("kamailio", kill=True)
        telephone.gateway.start_kamailio()
    until(
        lambda: Attempt.objects.count() >= len(people) * 9 // 10,
        seconds=len(people) // 6 + 60,
        why="INVITEs were lost.",
    )
    time.sleep(3)
    reached = telephone.gateway.invites_at_carrier()
    known = set(Call.objects.filter(relayed_by__isnull=False).values_list("pk", flat=True))
    assert len(reached) <= len(known) == Attempt.objects.filter(codes=[]).count()
    dialled = _numbers(reached)
    assert len(dialled) == len(set(dialled))  # nobody is called twice
    until(
        lambda: not list((telephone.gateway.spool / "events").glob("*.json")), seconds=60, why="Events wait."
    )
