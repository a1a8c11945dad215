"""Real servers on loopback: Hegui as it is served, Kamailio, rtpengine, the connector, sipp."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from apps.bench.http import served
from apps.calls.models import Call
from apps.demo.loopback_gateway import LoopbackGateway
from apps.telephony import services
from tests.conftest import MOMENT
from tests.world import LINE, World

from .world import Telephony, set_up


@dataclass
class Live:
    telephony: Telephony
    gateway: LoopbackGateway
    offset: timedelta
    port: int = 0
    sites: list[ExitStack] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.telephony.world

    def start_hegui(self) -> int:
        stack = ExitStack()
        fields = {
            "HEGUI_TEST_MEDIA": str(settings.MEDIA_ROOT),
            "HEGUI_BENCH_DATABASE": str(connection.settings_dict["NAME"]),
            "HEGUI_BENCH_CLOCK": str(self.offset.total_seconds()),
        }
        self.port = stack.enter_context(served("tests.telephony.served", **fields, port=str(self.port)))
        self.sites.append(stack)
        return self.port

    def stop_hegui(self) -> None:
        while self.sites:
            self.sites.pop().close()

    def kill_hegui(self) -> None:
        """All processes of the site at once, as a crash would."""
        found = subprocess.run(
            ["pgrep", "-f", f"granian.*--port {self.port} "], capture_output=True, text=True, check=False
        ).stdout.split()
        assert found
        for group in {os.getpgid(int(pid)) for pid in found}:
            os.killpg(group, signal.SIGKILL)
        self.stop_hegui()

    def people(self, count: int) -> list[str]:
        """Numbers of so many contacts who consented and wait in the queue."""
        numbers = [f"1380000{number:04d}" for number in range(5000, 5000 + count)]
        for number in numbers:
            self.world.add_contact(number)
        return numbers

    def call(self, *rows: tuple[str, ...], **options: object) -> None:
        """INVITEs for these rows, until the dialler has an answer to each."""
        process = self.gateway.dialler(rows, **options)  # type: ignore[arg-type]
        process.wait(timeout=150)


def until(happens: Callable[[], object], *, seconds: float = 20, why: str = "") -> None:
    """Wait until it happens; nothing is measured."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, why or "It did not happen."
        time.sleep(0.1)


@contextmanager
def live(folder: Path) -> Iterator[Live]:
    offset = settings.DEMO_CLOCK_OFFSET
    settings.DEMO_CLOCK_OFFSET = timedelta()
    from apps.core.calendar import clock

    settings.DEMO_CLOCK_OFFSET = MOMENT - clock.now()
    whole: Live | None = None
    try:
        telephony = set_up(World())
        trunk = telephony.trunk
        admin = telephony.world.people["admin"]
        whole = Live(
            telephony,
            LoopbackGateway(folder, ["http://127.0.0.1:1"], telephony.key),
            settings.DEMO_CLOCK_OFFSET,
        )
        whole.gateway.hegui = [f"http://127.0.0.1:{whole.start_hegui()}"]
        services.record_trunk(
            actor=admin, trunk=trunk, lines=[telephony.world.line], host="127.0.0.1",
            port=whole.gateway.carrier_port, calls_at_once=500,
            calls_a_second=500,
        )  # fmt: skip
        services.record_dialler(actor=admin, dialler=telephony.dialler, addresses=["127.0.0.1"])
        whole.gateway.start()
        addresses = whole.gateway.run / "addresses.list"
        until(addresses.read_text, why="The connector did not configure the SIP server.")
        yield whole
    finally:
        settings.DEMO_CLOCK_OFFSET = offset
        if whole:
            whole.gateway.stop()
            whole.stop_hegui()


def state_of(phone_line: str = LINE) -> list[str]:
    return list(Call.objects.order_by("pk").values_list("state", flat=True))
