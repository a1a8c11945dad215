"""`gate`: a decision with every rule, stored with its reservation, against one PL/pgSQL call.

The floor locks the number, looks up opt-out, consent and calls, inserts and commits, on tables
of the same size. Ours is `calls.services.authorize`. Both run in client processes, on 1 and on 8
connections; commits are flushed to disk for both.
"""

import functools
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.calls import services as calls
from apps.campaigns.models import Campaign
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.privacy.protected import Protected

from .measure import Comparison, Scale, in_processes, seconds
from .world import smallest_world

CONTACTS, OPT_OUTS = 100_000, 1_000_000
ROUNDS, ON_ONE, ON_EIGHT = 5, 1_500, 600
GOALS = {1: 0.30, 8: 0.20}

_COLUMNS = (
    "created_at", "phone", "tags", "number_index", "last4_index", "zones", "source_id", "is_minor",
    "expires_at",
)  # fmt: skip
_FLOOR = """
create table floor_optout (hash bytea primary key);
create table floor_consent (hash bytea primary key, expires_at timestamptz not null);
create table floor_call (id bigserial primary key, hash bytea not null, at timestamptz not null,
    allowed boolean not null);
create index on floor_call (hash, at);
create function floor_authorize(asked bytea, lock_key bigint,
    at_ timestamptz) returns boolean language plpgsql as $$
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


def bench_gate(scale: Scale) -> list[Comparison]:
    at = seed(scale)
    numbers = numbers_of(scale.of(CONTACTS))
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
            Comparison(
                name,
                "decisions/s",
                ours,
                floor,
                GOALS[connections],
                {"contacts": scale.of(CONTACTS), "opt_outs": scale.of(OPT_OUTS)},
            )
        )
    return lines


def numbers_of(count: int) -> list[str]:
    """Sample ranges do not have so many: these are of a prefix that no carrier gives out."""
    return [f"+86199{number:08}" for number in range(count)]


def seed(scale: Scale, contacts: int = CONTACTS) -> datetime:
    """The smallest legal world, many contacts with consent, many opt-outs of others; and the floor's
    tables."""
    world = smallest_world(code="bench")
    now = clock.now()
    later = now + timedelta(days=300)
    at = now.replace(hour=4, minute=0)  # noon in Shanghai
    numbers = numbers_of(scale.of(contacts))
    with connection.cursor() as cursor:
        cursor.execute(_FLOOR)
        with cursor.copy(f"copy contacts_contact ({', '.join(_COLUMNS)}) from stdin") as copy:
            for number in numbers:
                found_by = blind_index.number_index(number), blind_index.last4_index(number)
                copy.write_row(
                    (now, _encrypted(number), [], *found_by, ["Asia/Shanghai"], world.source.pk, False, later)
                )
        consent = (
            "created_at",
            "contact_id",
            "purpose_id",
            "channel",
            "given_at",
            "wording_id",
            "evidence",
            "recorded_by_id",
            "expires_at",
        )
        cursor.execute(
            f"insert into contacts_consent ({', '.join(consent)}, recipient, evidence_file, withdrawal)"
            " select %s, id, %s, 'web', %s, %s, 'bench', %s, %s, '', '', '' from contacts_contact",
            [
                now,
                world.purpose.pk,
                now - timedelta(days=9),
                world.source.wording.pk,
                world.supervisor.pk,
                later,
            ],
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


def _encrypted(number: str) -> bytes:
    field: Any = Contact._meta.get_field("phone")
    encrypted: bytes = field.encrypt(number)
    return encrypted


def _rate(spans: list[tuple[float, float]], count: int) -> float:
    """From the first start to the last end."""
    return count / (max(end for _start, end in spans) - min(start for start, _end in spans))


def _floor(numbers: list[str], at: datetime) -> tuple[float, float]:
    asked = [
        (index := blind_index.number_index(number), int.from_bytes(index[:8], "big", signed=True))
        for number in numbers
    ]
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


# -- growth

CALLS_BEFORE, CALLS_AFTER, OPT_OUTS_AFTER, GROWS_AT_MOST = 100_000, 10_000_000, 5_000_000, 1.3


def bench_gate_growth(scale: Scale) -> list[Comparison]:
    """The same decision with a hundred times the calls and five times the opt-outs."""
    at = seed(scale)
    numbers = numbers_of(scale.of(CONTACTS))
    each = scale.of(ON_ONE)
    few, many = scale.of(CALLS_BEFORE), scale.of(CALLS_AFTER)
    old_calls(0, few, at)
    parts = iter(range(0, len(numbers) - each, each))
    small = [
        _rate(in_processes(_ours, [(numbers[start : start + each], at)]), each)
        for start in (next(parts) for _ in range(ROUNDS))
    ]
    old_calls(few, many, at)
    with connection.cursor() as cursor:
        hashes = "select sha256(int8send(n)) from generate_series(%s, %s) n"
        cursor.execute(
            "insert into optouts_optout (created_at, number_hash, key_id, channel, said_at, evidence)"
            f" select %s, h, 'k1', 'api', %s, 'bench' from ({hashes}) as hashes(h)",
            [clock.now(), clock.now(), scale.of(OPT_OUTS) + 1, scale.of(OPT_OUTS_AFTER)],
        )
        cursor.execute("vacuum analyze")
    in_processes(_ours, [(numbers[-100:], at)])  # both sides begin with what they read in memory
    large = [
        _rate(in_processes(_ours, [(numbers[start : start + each], at)]), each)
        for start in (next(parts) for _ in range(ROUNDS))
    ]
    notes = {"calls": many, "opt_outs": scale.of(OPT_OUTS_AFTER)}
    return [Comparison("gate_growth", "decisions/s", large, small, 1 / GROWS_AT_MOST, notes)]


def old_calls(first: int, last: int, at: datetime) -> None:
    """Calls of the year before, each with its decision, of numbers that are no contacts of the list."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with numbered as (select n,
                                %(at)s - make_interval(secs => 864000 + 30000000.0 * n / %(last)s) moment
                              from generate_series(%(first)s + 1, %(last)s) n),
            decided as (
                insert into calls_decision
                    (at, created_at, allowed, reserves, codes, not_applicable, facts, retry_at, campaign_id,
                        policy, line_asked)
                select moment, moment, true, true, '{}', '{}', '{}', '{}',
                    (select min(id) from campaigns_campaign), 1, '' from numbered
                returning id
            )
            insert into calls_call (created_at, decision_id, campaign_id, line_id, script_version_id,
                number_index, slot_day, slot_number,
                                    state, reserved_at, reserved_until)
            select moment, -n, (select min(id) from campaigns_campaign), (select min(id) from campaigns_line),
                   (select min(id) from scripts_scriptversion), sha256(int8send(n %% 1000000)), moment::date,
                       1, 'ended', moment, moment
            from numbered
            on conflict do nothing
            """,
            {"at": at, "first": first, "last": last},
        )
        cursor.execute("vacuum analyze calls_call, calls_decision")


# -- a campaign's list

LISTED, LIST_SECONDS = 1_000_000, 30


def bench_list_forecast(scale: Scale) -> list[Comparison]:
    """How many of a million waiting contacts cannot be called today, and why."""
    seed(scale, LISTED)
    campaign = Campaign.objects.get(code="bench")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into campaigns_queueentry (created_at, campaign_id, contact_id, priority, state)"
            " select now(), %s, id, 0, 'waiting' from contacts_contact",
            [campaign.pk],
        )
        cursor.execute("delete from contacts_consent where contact_id %% 10 = 0", [])
        cursor.execute("vacuum analyze")
    listed = scale.of(LISTED)
    rates = []
    for _round in range(3):
        forecast = calls.ask_list(actor=campaign.created_by, campaign=campaign)
        rates.append(listed / seconds(functools.partial(calls.run_forecast, forecast.job_id)))
        forecast.refresh_from_db()
        if forecast.counts["total"] != listed or forecast.counts["by_code"] != {"no_consent": listed // 10}:
            raise RuntimeError(f"The forecast is wrong: {forecast.counts}")
    return [
        Comparison("list_forecast", "contacts/s", rates, [LISTED / LIST_SECONDS], 1.0, {"contacts": listed})
    ]
