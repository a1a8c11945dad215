"""`gate`: a decision with every rule, stored with its reservation, against one PL/pgSQL call.

The floor locks the number, looks up opt-out, consent and calls, inserts and commits, on tables
of the same size. Ours is `calls.services.authorize`. Both run in client processes, on 1 and on 8
connections; commits are flushed to disk for both.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.calls import services as calls
from apps.contacts.models import Contact
from apps.core import blind_index, clock
from apps.core.protected import Protected

from .measure import Line, Scale, in_processes
from .world import smallest_world

CONTACTS, OPT_OUTS = 100_000, 1_000_000
ROUNDS, ON_ONE, ON_EIGHT = 5, 1_500, 600
GOALS = {1: 0.30, 8: 0.20}

_COLUMNS = (
    "created_at", "phone", "tags", "number_index", "last4_index", "zones", "source_id", "is_minor", "minor_reason", "expires_at",
)  # fmt: skip
_FLOOR = """
create table floor_optout (hash bytea primary key);
create table floor_consent (hash bytea primary key, expires_at timestamptz not null);
create table floor_call (id bigserial primary key, hash bytea not null, at timestamptz not null, allowed boolean not null);
create index on floor_call (hash, at);
create function floor_authorize(asked bytea, lock_key bigint, at_ timestamptz) returns boolean language plpgsql as $$
declare allowed_ boolean;
begin
    perform pg_advisory_xact_lock(lock_key);
    allowed_ := not exists (select 1 from floor_optout where hash = asked)
        and exists (select 1 from floor_consent where hash = asked and expires_at > at_)
        and (select count(*) from floor_call where hash = asked and at > at_ - interval '7 days') < 3;
    insert into floor_call (hash, at, allowed) values (asked, at_, allowed_);
    return allowed_;
end $$;
"""


def bench_gate(scale: Scale) -> list[Line]:
    at = _seed(scale)
    numbers = _numbers(scale.of(CONTACTS))
    lines = []
    place = 0
    for connections, each in ((1, scale.of(ON_ONE)), (8, scale.of(ON_EIGHT))):
        ours, floor = [], []
        for _round in range(ROUNDS):
            parts = [numbers[place + n * each : place + (n + 1) * each] for n in range(connections)]
            place += connections * each
            floor.append(_rate(in_processes(_floor, [(part, at) for part in parts]), connections * each))
            ours.append(_rate(in_processes(_ours, [(part, at) for part in parts]), connections * each))
        name = f"gate on {connections} connection{'s' if connections > 1 else ''}"
        lines.append(
            Line(name, "decisions/s", ours, floor, GOALS[connections], {"contacts": scale.of(CONTACTS), "opt_outs": scale.of(OPT_OUTS)})
        )
    return lines


def _numbers(count: int) -> list[str]:
    """Sample ranges do not have so many: these are of a prefix that no carrier gives out."""
    return [f"+86199{number:08}" for number in range(count)]


def _seed(scale: Scale) -> datetime:
    """The smallest legal world, many contacts with consent, many opt-outs of others; and the floor's tables."""
    world = smallest_world(code="bench")
    now = clock.now()
    later = now + timedelta(days=300)
    at = now.replace(hour=4, minute=0)  # noon in Shanghai
    numbers = _numbers(scale.of(CONTACTS))
    with connection.cursor() as cursor:
        cursor.execute(_FLOOR)
        with cursor.copy(f"copy contacts_contact ({', '.join(_COLUMNS)}) from stdin") as copy:
            for number in numbers:
                found_by = blind_index.number_index(number), blind_index.last4_index(number)
                copy.write_row((now, _sealed(number), [], *found_by, ["Asia/Shanghai"], world.source.pk, False, "", later))
        consent = (
            "created_at",
            "contact_id",
            "purpose_id",
            "channel",
            "given_at",
            "wording_version",
            "evidence",
            "recorded_by_id",
            "expires_at",
        )
        cursor.execute(
            f"insert into contacts_consent ({', '.join(consent)}) select %s, id, %s, 'web', %s, '1', 'bench', %s, %s from contacts_contact",
            [now, world.purpose.pk, now - timedelta(days=9), world.supervisor.pk, later],
        )
        cursor.execute("insert into floor_consent select number_index, %s from contacts_contact", [later])
        hashes = "select sha256(int8send(n)) from generate_series(1, %s) n"
        cursor.execute(f"insert into floor_optout {hashes}", [scale.of(OPT_OUTS)])
        cursor.execute(
            "insert into optouts_optout (created_at, number_hash, key_id, channel, said_at, evidence)"
            f" select %s, h, 'k1', 'api', %s, 'bench' from ({hashes}) as hashes(h)",
            [now, now, scale.of(OPT_OUTS)],
        )
        cursor.execute("vacuum analyze")
    return at


def _sealed(number: str) -> bytes:
    field: Any = Contact._meta.get_field("phone")
    sealed: bytes = field.seal(number)
    return sealed


def _rate(spans: list[tuple[float, float]], count: int) -> float:
    """From the first start to the last end."""
    return count / (max(end for _start, end in spans) - min(start for start, _end in spans))


def _floor(numbers: list[str], at: datetime) -> tuple[float, float]:
    asked = [(index := blind_index.number_index(number), int.from_bytes(index[:8], "big", signed=True)) for number in numbers]
    connection.ensure_connection()
    link = connection.connection
    link.execute("select 1")
    started = time.monotonic()
    for index, key in asked:
        link.execute("select floor_authorize(%s, %s, %s)", [index, key, at], prepare=True)
    return started, time.monotonic()


def _ours(numbers: list[str], at: datetime) -> tuple[float, float]:
    connection.ensure_connection()
    phones = [Protected(number, "phone") for number in numbers]
    started = time.monotonic()
    for phone in phones:
        answer = calls.authorize(campaign="bench", phone=phone, line="+861085550101", at=at)
        if not answer.allowed:
            raise RuntimeError(f"The gate refused in the benchmark: {answer.reasons}")
    return started, time.monotonic()
