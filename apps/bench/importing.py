"""`import`: a list of a million rows, against hashing, encrypting and copying the same rows, and against
django-import-export.

The floor hashes each number, encrypts number and name, and copies the rows into a table with a unique index:
one process. Ours examines the CSV, encrypts it, normalises, detects ID and card numbers, finds duplicates,
encrypts, stores contacts and consents and writes the report by row: two processes. The peer reads a fiftieth
of the rows, from the same kind of file, into a plain table: without a look at what is in a cell, encryption,
a consent of its own or a report.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection, models

from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.core.crypto import blind_index, cipher
from apps.demo.people import TAGS, name

from .measure import Comparison, Scale, in_process, peak_megabytes
from .world import smallest_world

ROWS = 1_000_000
PEER_ROWS = 20_000
WARMING = 100  # rows that both sides take before, in the same process: workers live longer than one list
ROUNDS = 3
GOAL, PEER_GOAL = 0.5, 20
HEADING = "手机号,姓名,标签,同意渠道,同意时间\n"


def bench_import(scale: Scale) -> list[Comparison]:
    rows = scale.of(ROWS)
    world = smallest_world(code="bench")
    with connection.cursor() as cursor:
        cursor.execute("create table floor_contact (hash bytea unique, phone bytea, name bytea)")
    ours, floor, peaks = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        list_file = Path(folder) / "bench.csv"
        write_list(list_file, rows)
        for _round in range(ROUNDS if scale.factor < 1 else 1):
            floor.append(rows / in_process(_floor, rows))
            spent, peak = in_process(_ours, world, list_file)
            ours.append(rows / spent)
            peaks.append(peak)
            _empty()
        notes = {"rows": rows, "peak_mb": round(max(peaks)), "goal_peak_mb": 500}
        lines = [Comparison("import", "rows/s", ours, floor, GOAL, notes)]
        few = scale.of(PEER_ROWS)
        warming = Path(folder) / "warming.csv"
        write_list(list_file, few)
        write_list(warming, WARMING, seed=8)
        ours, peer = [], []
        for _round in range(ROUNDS):
            peer.append(few / in_process(_peer, list_file, warming))
            spent, _peak = in_process(_ours, world, list_file, warming)
            ours.append(few / spent)
            _empty()
        return [*lines, Comparison("import, beside a peer", "rows/s", ours, peer, PEER_GOAL, {"rows": few})]


def _people(rows: int, *, seed: int = 7) -> Iterator[tuple[str, str, str]]:
    """Invented: number (of a prefix that no carrier gives out), name, tag; the same ones each time."""
    chance = random.Random(seed)  # noqa: S311  (invented people, not secrets)
    for number in chance.sample(range(10**8), rows):
        yield f"199{number:08}", name(chance), chance.choice(TAGS)


def write_list(path: Path, rows: int, *, seed: int = 7) -> None:
    with path.open("w") as file:
        file.write(HEADING)
        file.writelines(
            f"{phone},{who},{tag},网页勾选,2026-07-16 10:00\n" for phone, who, tag in _people(rows, seed=seed)
        )


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("truncate floor_contact, contacts_contact cascade")


def _floor(rows: int) -> float:
    people = list(_people(rows))
    started = time.perf_counter()
    with (
        connection.cursor() as cursor,
        cursor.copy("copy floor_contact from stdin with (format binary)") as copy,
    ):
        copy.set_types(("bytea", "bytea", "bytea"))
        for phone, who, _tag in people:
            e164 = "+86" + phone
            encrypted = [
                cipher.encrypt(text.encode(), purpose="fields", bound_to=b"floor") for text in (e164, who)
            ]
            copy.write_row((blind_index.number_index(e164), *encrypted))
    return time.perf_counter() - started


def _ours(world: Any, *paths: Path) -> tuple[float, float]:
    """Seconds that the first list takes in a process that has taken the others, and the most memory that
    either of the two processes held."""
    for path in reversed(paths):
        before, started = Contact.objects.count(), time.perf_counter()
        with path.open("rb") as file:
            done = contacts.import_now(
                actor=world.supervisor, source=world.source, file_name=path.name, file=file
            )
        spent = time.perf_counter() - started
        if done.counts != {"accepted": Contact.objects.count() - before}:
            raise RuntimeError(f"The import of the benchmark went wrong: {done.counts}")
    return spent, peak_megabytes()


def _peer(*paths: Path) -> float:
    """Seconds that django-import-export takes in bulk mode for the first list, in a process that has taken
    the others."""
    from import_export.resources import modelresource_factory
    from tablib import Dataset

    class PlainContact(models.Model):
        phone = models.CharField(max_length=20, unique=True)
        name = models.CharField(max_length=80)
        tags = models.CharField(max_length=80)
        consent_channel = models.CharField(max_length=20)
        consent_given_at = models.DateTimeField()

        class Meta:
            app_label = "console"

    with connection.schema_editor() as editor, connection.cursor() as cursor:
        cursor.execute(f"drop table if exists {PlainContact._meta.db_table}")  # of the round before
        editor.create_model(PlainContact)
    resource = modelresource_factory(PlainContact)()
    columns = ["phone", "name", "tags", "consent_channel", "consent_given_at"]
    resource._meta.use_bulk, resource._meta.import_id_fields, resource._meta.fields = True, ["phone"], columns
    resource._meta.skip_diff, resource._meta.batch_size = True, 1_000
    for path in reversed(paths):
        started = time.perf_counter()
        data = Dataset().load(path.read_text(), format="csv")
        data.headers = columns
        result = resource.import_data(data, raise_errors=True)
        spent = time.perf_counter() - started
        if result.totals["new"] != len(data):
            raise RuntimeError(f"The peer's import went wrong: {dict(result.totals)}")
    return spent
