"""`gate_http`: the gate over HTTP, with key, scope and idempotency, against an empty django-ninja POST.

Both are served by granian as the site is (2 workers of 8 threads) and asked over 16 kept connections by
one process that does nothing else. The second line asks 300 times a second, on time whether or not the
answers come, and looks at the slowest hundredth.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.console import static_files
from apps.core.calendar import clock
from apps.policies.models import MeasuresPolicy

from .gate import CONTACTS, numbers_of, seed
from .measure import Comparison, Scale

CONNECTIONS, ROUNDS, ASKED = 16, 5, 3_000
PACE, PACED_SECONDS, SLOWEST_MS = 300, 20, 50
GOAL = 0.15
START_SECONDS = 60


def bench_gate_http(scale: Scale) -> list[Comparison]:
    at = seed(scale)
    key = _client()
    numbers = iter(numbers_of(scale.of(CONTACTS)))
    contacts = scale.of(CONTACTS)
    asked, warming = min(scale.of(ASKED), contacts // (2 * ROUNDS)), min(400, contacts // 10)
    ours, floor = [], []
    payload = {
        "HEGUI_BENCH_DATABASE": str(connection.settings_dict["NAME"]),
        "HEGUI_BENCH_CLOCK": str((at - clock.now()).total_seconds()),
    }
    static_files.collect()  # a server without them does not start
    with served("apps.bench.measured.floor") as empty, served("apps.bench.measured.ours", **payload) as site:
        _rate(site, [_request(key, next(numbers)) for _each in range(warming)])
        for _round in range(ROUNDS):
            floor.append(_rate(empty, [_request(key, "+8619900000000")] * asked))
            ours.append(_rate(site, [_request(key, next(numbers)) for _each in range(asked)]))
        count = min(PACE * PACED_SECONDS, contacts - ROUNDS * asked - warming)
        waits = _paced(site, [_request(key, next(numbers)) for _each in range(count)], PACE)
    slowest = sorted(waits)[int(len(waits) * 0.99)] * 1000
    paced = Comparison(
        "gate_http p99 at 300/s",
        "answers/s",
        [1000 / slowest],
        [1000 / SLOWEST_MS],
        1.0,
        {"p99_ms": round(slowest, 1)},
    )
    return [Comparison("gate_http", "answers/s", ours, floor, GOAL), paced]


def _client() -> str:
    MeasuresPolicy.objects.create(
        number=1_000, in_force_from=clock.now() - timedelta(days=30), numbers_per_client_hour=2_000_000
    )
    client, key = accounts.issue_client(
        name="bench", owner=User.objects.filter(role="supervisor")[0], scopes=["authorize", "dial"],
        ends_at=clock.now() + timedelta(days=1), requests_per_second=30_000,
    )  # fmt: skip
    Campaign.objects.get(code="bench").clients.add(client)
    return key


def _request(key: str, number: str) -> bytes:
    body = json.dumps({"campaign": "bench", "phone": number, "line": "+861085550101"}).encode()
    head = (
        "POST /api/v1/calls/authorize HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        f"{key}\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {number}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def served(module: str, **fields: str) -> Iterator[int]:
    """granian as `up` starts it, on the `port` that is given or a free one; ended at the end of the block."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", int(fields.pop("port", 0))))
        port: int = probe.getsockname()[1]
    connections.close_all()
    options = [
        "--interface",
        "wsgi",
        "--port",
        str(port),
        "--workers",
        "2",
        "--blocking-threads",
        "8",
        "--log-level",
        "warning",
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--host", "127.0.0.1", *options, f"{module}:application"],
        cwd=Path(settings.BASE_DIR),
        env={**os.environ, "HEGUI_HOME": str(settings.HEGUI_HOME), **fields},
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:  # it does not hear while a worker of its starts
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The site to measure did not start; its error is above.")


@dataclass
class Asker:
    """One kept connection: at most one question under way."""

    link: socket.socket
    got: bytearray = field(default_factory=bytearray)
    since: float = 0.0

    def is_answered(self) -> bool:
        """Take what has come; whether the answer is whole. Raises unless it is a 200."""
        self.got += self.link.recv(65_536)
        head, found, body = bytes(self.got).partition(b"\r\n\r\n")
        if not found:
            return False
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ),
            None,
        )
        # chunked, or counted
        if not (body.endswith(b"0\r\n\r\n") if length is None else len(body) >= length):
            return False
        if (
            not head.startswith(b"HTTP/1.1 200")
            or b'"decision": "refuse"' in body
            or b'"decision":"refuse"' in body
        ):
            raise RuntimeError(f"Not allowed in the benchmark: {head.splitlines()[0]!r} {body[:300]!r}")
        self.got.clear()
        return True


def _askers(port: int, watch: selectors.BaseSelector) -> list[Asker]:
    askers = []
    for _each in range(CONNECTIONS):
        link = socket.create_connection(("127.0.0.1", port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        askers.append(Asker(link))
        watch.register(link, selectors.EVENT_READ, askers[-1])
    return askers


def _rate(port: int, requests: list[bytes]) -> float:
    """Answers a second when every connection asks again as soon as it is answered."""
    waiting = iter(requests)
    with selectors.DefaultSelector() as watch:
        askers = _askers(port, watch)
        started, answered = time.monotonic(), 0
        for asker in askers:
            asker.link.sendall(next(waiting))
        while answered < len(requests):
            for found, _events in watch.select(timeout=30):
                asker = found.data
                if asker.is_answered():
                    answered += 1
                    if request := next(waiting, None):
                        asker.link.sendall(request)
        spent = time.monotonic() - started
        for asker in askers:
            asker.link.close()
    return len(requests) / spent


def _paced(port: int, requests: list[bytes], pace: int) -> list[float]:
    """Seconds from the moment at which each was due to its answer: a late start counts as waiting."""
    waits: list[float] = []
    with selectors.DefaultSelector() as watch:
        free = _askers(port, watch)
        askers = list(free)
        started, sent = time.monotonic(), 0
        while len(waits) < len(requests):
            now = time.monotonic()
            while free and sent < len(requests) and started + sent / pace <= now:
                asker = free.pop()
                asker.since = started + sent / pace
                asker.link.sendall(requests[sent])
                sent += 1
            due = started + sent / pace - time.monotonic() if free and sent < len(requests) else 1.0
            for found, _events in watch.select(timeout=max(0.0, due)):
                asker = found.data
                if asker.is_answered():
                    waits.append(time.monotonic() - asker.since)
                    free.append(asker)
        for asker in askers:
            asker.link.close()
    return waits
