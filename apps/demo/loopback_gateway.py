"""A telephone gateway on loopback: Debian's Kamailio and rtpengine, our connector, sipp as dialler and
carrier.

For a stranger's first look (`TELEPHONY=1 make run`), for tests and for benchmarks. A real gateway is set up
by docs/telephony.md.
"""

import os
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings

from apps.console.processes import die_with_parent

NEEDED = ("kamailio", "rtpengine", "sipp")
PACKAGES = (
    "kamailio kamailio-utils-modules kamailio-extra-modules kamailio-lua-modules kamailio-sqlite-modules "
    "kamailio-tls-modules"
    " rtpengine-daemon sip-tester"
)
SCHEMA = Path("/usr/share/kamailio/db_sqlite")
SOUNDS = Path("/usr/share/sip-tester")
START_SECONDS = 20
MEDIA_PORTS = 2_000  # four for each call
BELOW_EPHEMERAL = range(20_000, 32_000)


def missing() -> list[str]:
    """The programs that are not installed; their packages are `PACKAGES`."""
    return [name for name in NEEDED if program(name) is None]


def program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")


def _free_port() -> int:
    """Free for UDP and TCP, below those that a machine gives out by itself."""
    while True:
        port = BELOW_EPHEMERAL.start + secrets.randbelow(len(BELOW_EPHEMERAL))
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port


def _media_port() -> str:
    """Where a sipp begins to look for ports of its sound: each at a place of its own."""
    return str(6_000 + secrets.randbelow(3_000) * 4)


class LoopbackGateway:
    """Everything between a dialler and a carrier. `hegui`: its addresses; `key`: of an API client with the
    scope `telephony`."""

    def __init__(
        self,
        folder: Path,
        hegui: Sequence[str],
        key: str,
        *,
        seconds: int = 2,
        asks: bool = True,
        first_media_port: int = 42_000,
    ) -> None:
        self.folder, self.hegui, self.key, self.seconds, self.asks = folder, list(hegui), key, seconds, asks
        self.run, self.spool = folder / "run", folder / "spool"
        self.dialler_port, self.carrier_side, self.carrier_port = _free_port(), _free_port(), _free_port()
        self.rtpengine_port, self.keys_port, self.health_port = _free_port(), _free_port(), _free_port()
        self.first_media_port = first_media_port
        self.more_local: list[str] = []  # lines of local.cfg beside those that every gateway has
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.sipps: list[subprocess.Popen[bytes]] = []
        for each in (self.run, self.spool / "events"):
            each.mkdir(parents=True, exist_ok=True)

    # -- the parts

    def start(self) -> "LoopbackGateway":
        self.start_rtpengine()
        self.start_kamailio()
        self.start_connector()
        return self

    def stop(self) -> None:
        for sipp in self.sipps:
            sipp.kill()
            sipp.wait()
        for name in ("connector", "kamailio", "rtpengine"):
            self.end(name)

    def end(self, name: str, *, kill: bool = False) -> None:
        """End one part; with `kill` as a crash would, all its processes at once."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        if kill:
            os.killpg(process.pid, 9)
        else:
            process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()

    def _start(self, name: str, command: list[str], **variables: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log,
                cwd=self.folder if name != "connector" else settings.BASE_DIR,
                env={**os.environ, **variables}, start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509
            )  # fmt: skip

    def start_rtpengine(self) -> None:
        last = self.first_media_port + MEDIA_PORTS - 2
        self._start(
            "rtpengine",
            [
                program("rtpengine") or "rtpengine", "--config-file=none", "--foreground", "--log-stderr",
                "--log-level=4", "--table=-1",
                "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{self.rtpengine_port}",
                f"--port-min={self.first_media_port}",
                f"--port-max={last}", f"--recording-dir={self.spool}", "--recording-method=pcap",
                "--recording-format=raw",
                "--endpoint-learning=off", f"--dtmf-log-dest=127.0.0.1:{self.keys_port}", "--delete-delay=0",
            ],
        )  # fmt: skip
        self._wait_for_port(self.rtpengine_port, "rtpengine")

    def start_kamailio(self) -> None:
        folder = settings.BASE_DIR / "deploy" / "telephony"
        for name in ("kamailio.cfg", "events.lua"):
            text = (folder / name).read_text()
            (self.folder / name).write_text(
                text if self.asks or name != "kamailio.cfg" else _without_question(text, self.carrier_port)
            )
        (self.folder / "local.cfg").write_text(self._local())
        (self.run / "addresses.list").touch()
        if not (database := self.run / "dialogs.sqlite").exists():
            with sqlite3.connect(database) as made:
                for name in ("standard", "dialog"):
                    made.executescript((SCHEMA / f"{name}-create.sql").read_text())
        self._start(
            "kamailio",
            [program("kamailio") or "kamailio", "-f", str(self.folder / "kamailio.cfg"), "-Y", str(self.run),
            "-DD", "-m", "128"],
            HEGUI_SPOOL=str(self.spool),
        )  # fmt: skip
        self._wait_for_port(self.dialler_port, "kamailio")

    def _local(self) -> str:
        values = {
            "DIALLER_ADDRESS": f"127.0.0.1:{self.dialler_port}",
            "CARRIER_ADDRESS": f"127.0.0.1:{self.carrier_side}",
            "CARRIER_DOMAIN": "gateway.invalid",
            "TOPOLOGY_ADDRESS": "127.0.0.8",
            "TOPOLOGY_KEY": secrets.token_urlsafe(16),
            "RTPENGINE_ADDRESS": f"127.0.0.1:{self.rtpengine_port}",
            "RTPENGINE_FLAGS": "",
            "GATEWAY_FOLDER": str(self.folder),
            "RUN_FOLDER": str(self.run),
            "HEGUI_URL": self.hegui[0],
            "HEGUI_SECOND_URL": self.hegui[-1],
            "HEGUI_HEADERS": f"Authorization: Bearer {self.key}\\r\\nContent-Type: application/json",
            "HEGUI_SECONDS": str(self.seconds),
            "DIALLER_CALLS_A_SECOND": "500",
            "IN_DIALOG_REQUESTS_A_SECOND": "1000",
            "SIP_CHILDREN": "12",
            "LOG_LEVEL": "1",
        }
        lines = ["#!define HEGUI_SECOND"] if len(self.hegui) > 1 else []
        return (
            "\n".join(
                [
                    *lines,
                    *self.more_local,
                    *(f'#!substdef "!{name}!{value}!g"' for name, value in values.items()),
                ]
            )
            + "\n"
        )

    def start_connector(self) -> None:
        addresses = [word for address in self.hegui for word in ("--url", address)]
        folders = ["--spool", str(self.spool), "--run", str(self.run)]
        ports = ["--keys", f"127.0.0.1:{self.keys_port}", "--health", f"127.0.0.1:{self.health_port}"]
        self._start(
            "connector",
            [sys.executable, "manage.py", "telephony", *addresses, *folders, *ports],
            HEGUI_GATEWAY_KEY=self.key,
        )

    def _wait_for_port(self, port: int, name: str) -> None:
        """Until somebody holds the UDP port."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.processes[name].poll() is None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{name} did not start:\n{(self.folder / f'{name}.log').read_text()[-2000:]}")

    # -- sipp

    def carrier(self, scenario: str = "carrier", *, port: int | None = None) -> subprocess.Popen[bytes]:
        """The called parties of a carrier, until it is ended."""
        return self._sipp(
            scenario,
            "-p",
            str(port or self.carrier_port),
            "-mp",
            _media_port(),
            name=f"carrier-{port or self.carrier_port}",
        )

    def dialler(
        self, calls: Iterable[Sequence[str]], *, scenario: str = "dialler", rate: float = 10,
        talk_ms: int = 300, seconds: int = 120,
        name: str = "dialler",
    ) -> subprocess.Popen[bytes]:  # fmt: skip
        """Sends one INVITE for each row: number, caller number, up to two more headers. Ends by itself."""
        rows = [[*row, *["X-Nothing: 1"] * (4 - len(row))] for row in calls]
        path = self.folder / f"{name}.csv"
        with path.open("w", newline="") as file:
            file.write("SEQUENTIAL\n")
            file.writelines(f"{';'.join(row)}\n" for row in rows)
        whole = [
            "-trace_rtt",
            "-rtt_freq",
            "1",
            "-inf",
            str(path),
            "-m",
            str(len(rows)),
            "-r",
            str(rate),
            "-d",
            str(talk_ms),
            "-timeout",
            str(seconds),
        ]
        target = f"127.0.0.1:{self.dialler_port}"
        return self._sipp(scenario, "-p", str(_free_port()), "-mp", _media_port(), *whole, target, name=name)

    def _sipp(self, scenario: str, *options: str, name: str) -> subprocess.Popen[bytes]:
        path = settings.BASE_DIR / "deploy" / "telephony" / "sipp" / f"{scenario.removesuffix('-silent')}.xml"
        if scenario.endswith("-silent"):  # the same without sound
            silent = self.folder / f"{scenario}.xml"
            silent.write_text(re.sub(r"  <nop>\n.*?</nop>\n", "", path.read_text(), flags=re.DOTALL))
            path = silent
        for sound in SOUNDS.glob("*.pcap"):
            if not (link := self.folder / sound.name).exists():
                link.symlink_to(sound)
        traced = [
            "-trace_msg",
            "-message_file",
            str(self.folder / f"{name}.messages"),
            "-trace_err",
            "-error_file",
        ]
        with (self.folder / f"{name}.log").open("ab") as log:
            sipp = subprocess.Popen(
                [program("sipp") or "sipp", "-sf", str(path), "-i", "127.0.0.1", "-nostdin", *traced,
                 str(self.folder / f"{name}.errors"), *options],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509
            )  # fmt: skip
        self.sipps.append(sipp)
        return sipp

    def answer_milliseconds(self, scenario: str = "dialler") -> list[float]:
        """How long each INVITE of the diallers took until it was answered."""
        found = []
        for path in self.folder.glob(f"{scenario}_*_rtt.csv"):
            found += [
                float(row.split(";")[1]) for row in path.read_text().splitlines()[1:] if row.count(";") >= 2
            ]
        return found

    def invites_at_carrier(self, port: int | None = None) -> list[str]:
        """The request lines of the INVITEs that reached the carrier, each once."""
        path = self.folder / f"carrier-{port or self.carrier_port}.messages"
        if not path.exists():
            return []
        seen: dict[str, str] = {}
        for message in path.read_text(errors="replace").split(
            "-----------------------------------------------"
        ):
            lines = [line.strip() for line in message.splitlines()]
            request = next((line for line in lines if line.startswith("INVITE ")), "")
            call = next((line for line in lines if line.lower().startswith("call-id:")), "")
            if request and call:
                seen[call] = request
        return list(seen.values())


def _without_question(text: str, carrier: int) -> str:
    """The gateway that relays without asking, to measure what the question costs."""
    return (
        text.replace("    route(ASK);\n", "    route(NO_QUESTION);\n")
        + f"""
route[NO_QUESTION] {{
    $avp(call) = "cl_" + $TV(Sn) + $pp;
    $avp(number) = $rU;
    $avp(caller) = "+861085550101";
    $avp(carrier) = "127.0.0.1:{carrier}";
    $avp(carrier_host) = "127.0.0.1";
    $avp(line) = "1-1";
    $avp(at_once) = "10000";
    $avp(a_second) = "10000";
}}
"""
    )
