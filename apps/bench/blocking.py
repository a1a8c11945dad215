"""`word_to_block`: from a refusal on its way to the gate's refusal, by each channel, beside an import.

The site is served as it is; one process sends a refusal, asks the gate, and looks how long it took until the
gate refused for it.
"""

import http.client
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection, connections

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.contacts import services as contacts
from apps.contacts.models import DataSource
from apps.core.calendar import clock
from apps.optouts.services import make_link
from apps.policies.models import MeasuresPolicy

from .gate import numbers_of, seed
from .http import served
from .importing import write_list
from .measure import Comparison, Scale

EACH, WARMING = 1_000, 20
IMPORTED = 1_000_000
P99_MS, WORST_MS = 100, 1_000
LINE = "+861085550101"
SCOPES = ["authorize", "dial", "events", "optouts"]


class Caller:
    """One kept connection to the site."""

    def __init__(self, port: int, key: str) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.key = key

    def post(self, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self.link.request("POST", path, json.dumps(body), headers)
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {text[:200]!r}")
        return json.loads(text) if text.startswith(b"{") else None

    def ask(self, number: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.post(
            "/api/v1/calls/authorize", {"campaign": "bench", "phone": number, "line": LINE}
        )
        return answer


def bench_word_to_block(scale: Scale) -> list[Comparison]:
    at = seed(scale)
    each = min(scale.of(EACH), scale.of(100_000) // 5)
    key = _client()
    numbers = iter(numbers_of(scale.of(100_000)))
    payload = {
        "HEGUI_BENCH_DATABASE": str(connection.settings_dict["NAME"]),
        "HEGUI_BENCH_CLOCK": str((at - clock.now()).total_seconds()),
    }
    lines = []
    with tempfile.TemporaryDirectory() as folder, served("apps.bench.measured.ours", **payload) as port:
        caller = Caller(port, key)
        list_file = Path(folder) / "list.csv"
        write_list(list_file, scale.of(IMPORTED))
        for refuse in CHANNELS.values():  # both sides begin with what they read in memory
            for _warming in range(WARMING):
                _word_to_block(caller, refuse, next(numbers))
        for channel, refuse in CHANNELS.items():
            with _import_beside(list_file):
                waits = sorted(_word_to_block(caller, refuse, next(numbers)) for _each in range(each))
            p99, worst = waits[int(len(waits) * 0.99)] * 1000, waits[-1] * 1000
            notes = {"p99_ms": round(p99, 1), "worst_ms": round(worst, 1), "refusals": each}
            lines.append(
                Comparison(
                    f"word_to_block {channel} p99", "blocks/s", [1000 / p99], [1000 / P99_MS], 1.0, notes
                )
            )
            lines.append(
                Comparison(
                    f"word_to_block {channel} worst",
                    "blocks/s",
                    [1000 / worst],
                    [1000 / WORST_MS],
                    1.0,
                    notes,
                )
            )
    return lines


def _client() -> str:
    MeasuresPolicy.objects.create(
        number=1_000, in_force_from=clock.now() - timedelta(days=30), numbers_per_client_hour=2_000_000
    )
    client, key = accounts.issue_client(
        name="bench-words", owner=User.objects.filter(role="supervisor")[0], scopes=SCOPES,
        ends_at=clock.now() + timedelta(days=1),
        requests_per_second=30_000,
    )  # fmt: skip
    Campaign.objects.get(code="bench").clients.add(client)
    return key


Refuse = Callable[[Caller, str], Callable[[], Any]]


def _word_to_block(caller: Caller, refuse: Refuse, number: str) -> float:
    """Seconds from the sending of a refusal to the answer of the gate that names it."""
    send = refuse(caller, number)
    started = time.perf_counter()
    send()
    while "opted_out" not in [reason["code"] for reason in caller.ask(number)["reasons"]]:
        pass
    return time.perf_counter() - started


def _by_key(caller: Caller, number: str) -> Callable[[], Any]:
    call = caller.ask(number)["call"]
    return lambda: caller.post(f"/api/v1/calls/{call}/events", {"event": "key", "digit": "9"})


def _by_message(caller: Caller, number: str) -> Callable[[], Any]:
    return lambda: caller.post(
        "/api/v1/sms", {"from": number, "text": "不用谢，以后别再打了", "message_id": number}
    )


def _by_api(caller: Caller, number: str) -> Callable[[], Any]:
    return lambda: caller.post("/api/v1/opt-outs", {"phone": number, "evidence": number})


def _by_page(caller: Caller, number: str) -> Callable[[], Any]:
    word = make_link(phone=number)

    def click() -> None:
        caller.link.request(
            "POST",
            f"/o/{word}/",
            "",
            {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-Proto": "https"},
        )
        answer = caller.link.getresponse()
        answer.read()
        if answer.status != 302:
            raise RuntimeError(f"The page answered {answer.status}.")

    return click


CHANNELS: dict[str, Refuse] = {"key 9": _by_key, "message": _by_message, "API": _by_api, "page": _by_page}


@contextmanager
def _import_beside(list_file: Path) -> Iterator[None]:
    """An import of the list by a process of its own, for as long as the block lasts."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            supervisor, source = User.objects.filter(role="supervisor")[0], DataSource.objects.all()[0]
            contacts.import_now(
                actor=supervisor, source=source, file_name="list.csv", file=list_file.read_bytes()
            )
            while True:
                time.sleep(60)  # the list is in: the measured site has its machine
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        connections.close_all()
