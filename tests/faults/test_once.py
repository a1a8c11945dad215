"""A queue that hands tasks out again, and twice at once: one backup, one drill, one purge all the same."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from apps.retention.models import BackupRun, PurgeRun
from config.celery import app
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]
VISIBILITY, TASK, PATIENCE = 5, 20, 60
TASKS = ("back_up", "drill", "purge_expired", "purge_by_hand")


def ended() -> bool:
    runs = {*BackupRun.objects.exclude(state="running").values_list("kind", flat=True)}
    return runs == {"backup", "drill"} and PurgeRun.objects.exclude(state="running").exists()


def test_each_runs_once_though_it_takes_four_times_as_long_as_the_queue_waits(
    world: World, tmp_path: Path
) -> None:
    queue = f"{settings.REDIS_URL}?virtual_host=7"
    env = {
        **os.environ, "HEGUI_VISIBILITY_SECONDS": str(VISIBILITY), "CELERY_BROKER_URL": queue,
        "HEGUI_LEDGER": str(tmp_path / "ledger"),
        "HEGUI_BACKUPS": str(tmp_path / "backups"),
    }  # fmt: skip
    name = str(connection.settings_dict["NAME"])
    with (tmp_path / "worker.log").open("wb") as log:
        command = [sys.executable, "-m", "tests.faults.slow_worker", name, str(TASK)]
        worker = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        with app.connection(queue) as link:
            for task in TASKS * 2:
                arguments = [world.people["admin"].pk] if task == "purge_by_hand" else []
                app.send_task(f"apps.retention.tasks.{task}", args=arguments, connection=link)
        until = time.monotonic() + PATIENCE
        while not ended() and time.monotonic() < until:
            assert worker.poll() is None, (tmp_path / "worker.log").read_text()
            time.sleep(0.5)
        time.sleep(VISIBILITY)  # what would be handed out again, is
        kinds = sorted(BackupRun.objects.values_list("kind", flat=True))
        assert (kinds, PurgeRun.objects.count()) == (["backup", "drill"], 1), (
            tmp_path / "worker.log"
        ).read_text()
    finally:
        worker.kill()
        worker.wait()
