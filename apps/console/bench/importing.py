"""`import`: a list of a million rows, against hashing, encrypting and copying the same rows.

The floor hashes each number, encrypts number and name, and copies the rows into a table with a
unique index: one process. Ours parses the CSV, normalises, detects ID and card numbers, finds
duplicates, encrypts, stores contacts and consents and writes the report by row.
"""

import random
import time
from typing import Any

from django.db import connection

from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.core import blind_index, cipher

from ..demo.people import TAGS, name
from .measure import Line, Scale, in_process, peak_megabytes
from .world import smallest_world

ROWS = 1_000_000
ROUNDS = 3
GOAL = 0.5


def bench_import(scale: Scale) -> list[Line]:
    rows = scale.of(ROWS)
    world = smallest_world(code="bench")
    chance = random.Random(7)  # noqa: S311  (invented people, not secrets)
    people = [(f"199{number:08}", name(chance), chance.choice(TAGS)) for number in chance.sample(range(10**8), rows)]
    with connection.cursor() as cursor:
        cursor.execute("create table floor_contact (hash bytea unique, phone bytea, name bytea)")
    heading = "手机号,姓名,标签,同意渠道,同意时间\n"
    content = (heading + "".join(f"{phone},{who},{tag},网页勾选,2026-07-16 10:00\n" for phone, who, tag in people)).encode()
    ours, floor, peaks = [], [], []
    for _round in range(ROUNDS if scale.factor < 1 else 1):
        floor.append(rows / in_process(_floor, people))
        spent, peak = in_process(_ours, world, content)
        ours.append(rows / spent)
        peaks.append(peak)
        with connection.cursor() as cursor:
            cursor.execute("truncate floor_contact, contacts_contact cascade")
    return [Line("import", "rows/s", ours, floor, GOAL, {"rows": rows, "peak_mb": round(max(peaks)), "goal_peak_mb": 500})]


def _floor(people: list[tuple[str, str, str]]) -> float:
    started = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy("copy floor_contact from stdin with (format binary)") as copy:
        copy.set_types(("bytea", "bytea", "bytea"))
        for phone, who, _tag in people:
            e164 = "+86" + phone
            sealed = [cipher.seal(text.encode(), purpose="fields", bound_to=b"floor") for text in (e164, who)]
            copy.write_row((blind_index.number_index(e164), *sealed))
    return time.perf_counter() - started


def _ours(world: Any, content: bytes) -> tuple[float, float]:
    started = time.perf_counter()
    done = contacts.import_now(actor=world.supervisor, source=world.source, file_name="bench.csv", content=content)
    spent = time.perf_counter() - started
    if done.counts != {"accepted": Contact.objects.count()}:
        raise RuntimeError(f"The import of the benchmark went wrong: {done.counts}")
    return spent, peak_megabytes()
