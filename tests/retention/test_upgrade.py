"""`upgrade`: one host at a time, with a backup before the first step on a database with data, and nothing
when all is there."""

import threading
import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from apps.core.crypto import blind_index
from apps.core.database.locks import run_exclusively
from apps.notifications.models import Notice
from apps.retention import databases
from apps.retention.archive import Secrets
from apps.retention.models import BackupRun
from apps.retention.services import scheduling, upgrading
from apps.retention.services.restoring import try_out
from tests.retention.wrong_numbers import RIGHT, store_wrongly
from tests.world import World


def output_of(**options: Any) -> str:
    out = StringIO()
    call_command("upgrade", stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.fixture
def migrated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been run: one step is missing until `migrate` was called."""
    steps, done = ["accounts.0099_new"], []

    def call(name: str, **options: Any) -> None:
        done.append(name)
        if name == "migrate":
            steps.clear()

    monkeypatch.setattr(upgrading, "call_command", call)
    monkeypatch.setattr(upgrading, "missing_steps", lambda: list(steps))
    return done


def test_nothing_is_missing_and_nothing_is_done(world: World) -> None:
    assert "0 steps" in output_of()
    assert not BackupRun.objects.exists()


def test_a_backup_comes_before_the_first_step(
    world: World, migrated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = BackupRun(name="hegui-1.backup", state=BackupRun.State.DONE)
    monkeypatch.setattr(upgrading, "back_up_by_schedule", lambda: migrated.append("backup") or made)
    said = output_of()
    assert migrated == ["backup", "migrate", "createcachetable"]
    assert "hegui-1.backup is whole" in said
    assert "1 steps were made" in said


def test_numbers_of_an_earlier_version_are_brought_to_their_one_form(
    world: World, migrated: list[str]
) -> None:
    contact = world.add_contact("13900001111")
    store_wrongly(contact)
    assert "one form: 1 repaired" in output_of(no_backup=True)
    contact.refresh_from_db()
    assert bytes(contact.number_index) == blind_index.number_index(f"+86{RIGHT}")


def test_without_its_backup_nothing_is_migrated(
    world: World, migrated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = BackupRun(name="x", state=BackupRun.State.FAILED, sentence="No room.")
    monkeypatch.setattr(upgrading, "back_up_by_schedule", lambda: failed)
    with pytest.raises(SystemExit) as refused:
        output_of()
    assert (refused.value.code, migrated) == (3, [])
    assert "1 steps" in output_of(no_backup=True)
    assert migrated == ["migrate", "createcachetable"]


@pytest.mark.django_db(transaction=True)
def test_another_host_waits_and_finds_it_done(migrated: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(upgrading.time, "sleep", lambda _seconds: waited.set() or time.monotonic())
    waited, begun = threading.Event(), threading.Event()

    def other_host() -> None:
        with run_exclusively(upgrading.LOCK):
            begun.set()
            assert waited.wait(20)
        connection.close()

    other = threading.Thread(target=other_host)
    other.start()
    assert begun.wait(20)
    assert upgrading.upgrade(with_backup=False, tell=said.append) == 1
    other.join()
    assert said[0] == "Another host migrates; waiting."
    assert migrated == ["migrate", "createcachetable"]


def test_a_role_that_may_not_create_databases_is_refused_before_anything_begins(world: World) -> None:
    databases.require_createdb()
    with connection.cursor() as cursor:
        cursor.execute("create role narrow nologin nocreatedb; set local role narrow")
        with pytest.raises(databases.MayNotCreate, match="narrow"):
            databases.require_createdb()
        with pytest.raises(databases.MayNotCreate):
            try_out("/no/such/backup", secrets=Secrets.of_files())
        cursor.execute("reset role")


@pytest.mark.parametrize("error", [DatabaseError("permission denied"), RuntimeError("x"), OSError("no room")])
def test_whatever_ends_a_drill_it_does_not_stay_running(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def breaks(run: BackupRun) -> None:
        raise error

    monkeypatch.setattr(scheduling, "_drilled", breaks)
    run = scheduling._drill()
    assert (run.state, run.sentence) == (BackupRun.State.FAILED, type(error).__name__)
    assert Notice.objects.filter(code="drill_failed").exists()
