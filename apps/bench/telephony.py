"""`telephony`: INVITEs through the SIP gateway, against the same gateway that relays without asking.

Real servers on loopback (Kamailio, rtpengine, the connector, sipp as dialler and carrier), without sound: its
packets would cost more than all the rest. The first line is what the question adds to the slowest hundredth,
as a ratio of rates: 25 ms more at most. The second is how long a 9 on the telephone takes until the carrier
has the BYE.
"""

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection
from django.test import override_settings

from apps.accounts import services as accounts
from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.calls.models import Call
from apps.campaigns.models import Campaign
from apps.campaigns.models import Line as CallerLine
from apps.console import static_files
from apps.core.calendar import clock
from apps.demo.loopback_gateway import PACKAGES, LoopbackGateway, missing
from apps.policies.models import MeasuresPolicy
from apps.retention.services.writing_ledger import write_register
from apps.telephony import services as telephony
from apps.telephony.models import Attempt, Dialler, Trunk

from .gate import numbers_of, seed
from .http import served
from .measure import Comparison, Scale

PACE, INVITES, TALK_MS = 50, 1_500, 4_000  # 200 dialogs are open
REFUSED_OF_TEN = 3
MOST_MORE_MS = 25
KEYS, KEY_PACE, KEY_MOST_MS = 100, 4, 1_000
NEVER_MS = 60_000.0  # a key that ended no call
WARMING = 30  # calls that are not measured: the processes have yet to load
PRESSED_AFTER_MS = 1_000  # after the ACK, in the scenario
CALLER = "01085550101"
STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}\s+[0-9:]{8}\.[0-9]+)")


def bench_telephony(scale: Scale) -> list[Comparison]:
    if absent := missing():
        raise RuntimeError(f"{', '.join(absent)} is not installed: apt-get install {PACKAGES}")
    at = seed(scale)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    count = scale.of(INVITES)
    numbers = iter(numbers_of(count + KEYS))
    folder = Path(tempfile.mkdtemp(prefix="hegui-telephony-", dir="/dev/shm"))  # in memory, as on a gateway
    payload = {
        "HEGUI_BENCH_DATABASE": str(connection.settings_dict["NAME"]),
        "HEGUI_BENCH_CLOCK": str((at - clock.now()).total_seconds()),
    }
    payload["HEGUI_LEDGER"] = str(folder / "ledger")
    with override_settings(HEGUI_LEDGER=folder / "ledger"):
        while write_register():  # the seeded opt-outs: the first key would wait for them
            pass
    static_files.collect()
    try:
        floor = _answers(
            LoopbackGateway(
                folder / "floor", ["http://127.0.0.1:9"], "none", asks=False, first_media_port=45_000
            ),
            count,
        )
        with served("apps.bench.measured.ours", **payload) as port:
            gateway = LoopbackGateway(folder / "ours", [f"http://127.0.0.1:{port}"], _set_up())
            _lead_to(gateway)
            rows = [(next(numbers), CALLER) for _each in range(count * (10 - REFUSED_OF_TEN) // 10)]
            rows += [(f"1999000{number:04}", CALLER) for number in range(count - len(rows))]  # nobody of ours
            ours = _answers(gateway, count, [rows[place * 7919 % len(rows)] for place in range(len(rows))])
            passed = len(gateway.invites_at_carrier()) - Attempt.objects.filter(codes=[]).count()
            keys = _keys(LoopbackGateway(folder / "keys", [f"http://127.0.0.1:{port}"], gateway.key), numbers)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    more, slowest = _slowest(ours) - _slowest(floor), _slowest(keys)
    notes = {
        "p50_ms": round(sorted(ours)[len(ours) // 2], 1),
        "floor_p50_ms": round(sorted(floor)[len(floor) // 2], 1),
        "p99_ms": round(_slowest(ours), 1),
        "floor_p99_ms": round(_slowest(floor), 1),
        "refused_that_passed": passed,
    }
    return [
        Comparison(
            "telephony question",
            "per s",
            [1000 / max(more, 1)],
            [1000 / MOST_MORE_MS],
            1.0 if passed == 0 else 99.0,
            notes,
        ),
        Comparison(
            "telephony key to BYE",
            "per s",
            [1000 / slowest],
            [1000 / KEY_MOST_MS],
            1.0,
            {"p99_ms": round(slowest), "keys": len(keys)},
        ),
    ]


def _slowest(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def _set_up() -> str:
    """The gateway's key; whoever may call for the benchmark's campaign is its dialler."""
    MeasuresPolicy.objects.create(
        number=1_000, in_force_from=clock.now() - timedelta(days=30), numbers_per_client_hour=2_000_000
    )
    owner = User.objects.filter(role=Role.SUPERVISOR)[0]
    ends = clock.now() + timedelta(days=1)
    client, _key = accounts.issue_client(
        name="dialler", owner=owner, scopes=["authorize", "dial"], ends_at=ends, requests_per_second=30_000
    )
    _gateway, key = accounts.issue_client(
        name="gateway",
        owner=owner,
        scopes=["telephony", "events", "recordings"],
        ends_at=ends,
        requests_per_second=30_000,
    )
    Campaign.objects.get(code="bench").clients.add(client)
    return key


def _lead_to(gateway: LoopbackGateway) -> None:
    admin = User.objects.filter(role=Role.ADMIN).first() or User(role=Role.ADMIN)
    lines = list(CallerLine.objects.filter(campaigns__code="bench"))
    limits = {"calls_at_once": 5_000, "calls_a_second": 5_000}
    telephony.record_trunk(
        actor=admin,
        trunk=Trunk.objects.first(),
        name="bench",
        host="127.0.0.1",
        port=gateway.carrier_port,
        lines=lines,
        **limits,
    )
    client = ApiClient.objects.get(name="dialler")
    telephony.record_dialler(
        actor=admin, dialler=Dialler.objects.first(), name="bench", client=client, addresses=["127.0.0.1"]
    )


def _started(gateway: LoopbackGateway) -> LoopbackGateway:
    gateway.start()
    deadline = time.monotonic() + 30
    while gateway.asks and not (gateway.run / "addresses.list").read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    if not gateway.asks:
        (gateway.run / "addresses.list").write_text("1 127.0.0.1 32 0 dl_1\n")
        gateway.end("connector")
        gateway.end("kamailio")
        gateway.start_kamailio()
    time.sleep(1)
    return gateway


def _answers(gateway: LoopbackGateway, count: int, rows: list[tuple[str, str]] | None = None) -> list[float]:
    """Milliseconds to the answer of each call that passed, at 50 a second."""
    _started(gateway)
    try:
        gateway.carrier("carrier-silent")
        asked = rows or [(f"1390000{number:04}", CALLER) for number in range(count)]
        gateway.dialler(
            asked, scenario="dialler-silent", rate=PACE, talk_ms=TALK_MS, seconds=count // PACE + 60
        ).wait()
        time.sleep(2)
        return gateway.answer_milliseconds("dialler-silent")[WARMING:]
    finally:
        gateway.stop()


def _keys(gateway: LoopbackGateway, numbers: Iterator[str]) -> list[float]:
    """Milliseconds from the beginning of the key to the BYE at the carrier."""
    _lead_to(gateway)
    _started(gateway)
    try:
        gateway.carrier("carrier-key")
        rows = [(next(numbers), CALLER) for _each in range(KEYS)]
        gateway.dialler(rows, rate=KEY_PACE, talk_ms=15_000, seconds=60).wait()
        time.sleep(2)  # the last key is on its way
        messages = (
            (gateway.folder / f"carrier-{gateway.carrier_port}.messages")
            .read_text(errors="replace")
            .split("-" * 47)
        )
    finally:
        gateway.stop()
    heard: dict[str, datetime] = {}
    waits = []
    for message in messages:
        stamp, call = STAMP.search(message), re.search(r"^Call-ID: *(\S+)", message, re.M | re.I)
        if stamp is None or call is None:
            continue
        at = datetime.strptime(" ".join(stamp[1].split()), "%Y-%m-%d %H:%M:%S.%f")  # noqa: DTZ007  (of one clock, compared with itself)
        if re.search(r"^ACK sip:", message, re.M):
            heard[call[1]] = at
        elif re.search(r"^BYE sip:", message, re.M) and call[1] in heard:
            waits.append((at - heard.pop(call[1])).total_seconds() * 1000 - PRESSED_AFTER_MS)
    lost = KEYS - min(len(waits), Call.objects.filter(opted_out_at__isnull=False).count())
    return waits[WARMING:] + [NEVER_MS] * lost
