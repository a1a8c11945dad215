"""A backup or drill that failed is tried again before the next night, and not for ever."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.core.calendar.clock import now
from apps.core.database.locks import run_exclusively
from apps.notifications.models import Notice
from apps.retention import services
from apps.retention.backup_places import forget_unfinished
from apps.retention.models import BackupRun, PurgeRun
from apps.retention.services import purging, restoring, scheduling
from tests.world import World


@pytest.mark.parametrize(
    ("states", "tried"),
    [
        ([], False),
        (["done"], False),
        (["done", "failed"], True),
        (["failed"] * 3, True),
        (["failed"] * 4, False),
        (["failed", "running"], True),  # nobody works at it: it was killed
        (["running"] * 4, False),
    ],
)
@pytest.mark.parametrize(("kind", "task"), [("backup", "back_up"), ("drill", "drill")])
def test_a_backup_or_drill_that_failed_is_tried_again(
    world: World,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
    states: list[str],
    tried: bool,
    kind: str,
    task: str,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(scheduling.current_app, "send_task", lambda name, **_options: asked.append(name))
    for state in states:
        ended_at = None if state == "running" else now()
        BackupRun.objects.create(kind=kind, name="", state=state, created_at=now(), ended_at=ended_at)
        clock.shift(timedelta(minutes=5))
    services.watch_backups()
    assert asked == [f"apps.retention.tasks.{task}"] * tried


def test_what_runs_is_left_to_run(world: World, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(scheduling.current_app, "send_task", lambda name, **_options: asked.append(name))
    run = BackupRun.objects.create(kind="backup", name="", state="running", created_at=now())
    with beside("backup"):
        services.watch_backups()
    run.refresh_from_db()
    assert (run.state, asked) == ("running", [])


@contextmanager
def beside(name: str) -> Iterator[None]:
    """Another process holds the lock."""
    with run_exclusively(name):
        yield


def test_a_killed_purge_is_ended_told_of_and_begun_again(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for module in (scheduling, purging):
        monkeypatch.setattr(module.current_app, "send_task", lambda name, **_options: asked.append(name))
    run = PurgeRun.objects.create(at=now(), created_at=now())
    with beside("purge"):
        services.watch_backups()
    run.refresh_from_db()
    assert (run.state, asked) == ("running", [])
    services.watch_backups()
    run.refresh_from_db()
    assert (run.state, run.failures) == ("failed", {"run": "cut short"})
    assert asked == ["apps.retention.tasks.purge_expired"]
    assert set(Notice.objects.filter(code="purge_failed").values_list("recipient__role", flat=True)) == {
        "compliance",
        "admin",
    }
    services.watch_backups()
    assert len(asked) == 1


def test_a_killed_drill_is_told_of_and_its_copy_goes(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling.current_app, "send_task", lambda *_name, **_options: None)
    dropped: list[str] = []
    monkeypatch.setattr(restoring.databases, "exists", lambda name: True)
    monkeypatch.setattr(restoring.databases, "drop", dropped.append)
    BackupRun.objects.create(kind="drill", name="", state="running", created_at=now())
    services.watch_backups()
    assert [name.endswith("_drill") for name in dropped] == [True]
    assert Notice.objects.filter(code="drill_failed").exists()


def test_a_drill_that_a_lost_tick_left_out_is_asked_for(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(scheduling.current_app, "send_task", lambda name, **_options: asked.append(name))
    BackupRun.objects.create(kind="backup", name="a", state="done", created_at=now())
    clock.shift(timedelta(days=31))
    services.watch_backups()
    assert asked == []
    clock.shift(timedelta(days=2))
    services.watch_backups()
    assert asked == ["apps.retention.tasks.drill"]


def test_what_a_killed_backup_left_goes_after_a_day(world: World, tmp_path: Path) -> None:
    for name in (".hegui-1.backup.77.part", "hegui-1.backup"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (now().timestamp(), now().timestamp()))
    assert forget_unfinished(tmp_path, at=now() + timedelta(hours=23)) == 0
    assert forget_unfinished(tmp_path, at=now() + timedelta(hours=25)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["hegui-1.backup"]
