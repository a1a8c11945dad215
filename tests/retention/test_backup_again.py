"""A backup or drill that failed is tried again before the next night, and not for ever."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core.calendar.clock import now
from apps.retention import services
from apps.retention.models import BackupRun
from apps.retention.services import scheduling
from tests.world import World


@pytest.mark.parametrize(
    ("states", "tried"),
    [
        ([], False),
        (["done"], False),
        (["done", "failed"], True),
        (["failed"] * 3, True),
        (["failed"] * 4, False),
        (["failed", "running"], False),
    ],
)
@pytest.mark.parametrize(("kind", "task"), [("backup", "back_up"), ("drill", "drill")])
def test_a_backup_or_drill_that_failed_is_tried_again(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch, states: list[str], tried: bool, kind: str, task: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(scheduling.current_app, "send_task", lambda name, **_options: asked.append(name))
    for state in states:
        ended_at = None if state == "running" else now()
        BackupRun.objects.create(kind=kind, name="", state=state, created_at=now(), ended_at=ended_at)
        clock.shift(timedelta(minutes=5))
    services.watch_backups()
    assert asked == [f"apps.retention.tasks.{task}"] * tried
