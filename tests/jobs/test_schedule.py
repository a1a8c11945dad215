"""What runs by itself: each task says whether it may be handed out twice, which queue it is in, and how long
a tick is worth."""

import inspect
import re
from datetime import timedelta
from pathlib import Path

import pytest
from celery.exceptions import Ignore
from celery.schedules import crontab

from apps.core.database.locks import run_exclusively, unless_running
from config.celery import HEAVY, SCHEDULE, URGENT, app

APPS = Path(__file__).parents[2] / "apps"
DECORATED = re.compile(r"@shared_task(.*)\n(?:@\w+\n)*def (\w+)")


def declared() -> dict[str, str]:
    """Every task by its name, and what its decorator says."""
    return {
        f"apps.{path.parent.name}.tasks.{name}": said
        for path in APPS.glob("*/tasks.py")
        for said, name in DECORATED.findall(path.read_text())
    }


def test_each_task_says_itself_whether_it_may_be_handed_out_again() -> None:
    app.loader.import_default_modules()
    tasks = declared()
    assert set(tasks) == {name for name in app.tasks if name.startswith("apps.")}
    assert [name for name, said in tasks.items() if "acks_late=" not in said] == []
    assert app.conf.task_acks_late is False


def test_what_may_take_longer_than_the_queue_waits_is_acknowledged_at_once() -> None:
    app.loader.import_default_modules()
    assert [name for name in HEAVY if app.tasks[name].acks_late] == []


def test_every_name_of_the_schedule_and_of_the_queues_is_a_task() -> None:
    tasks = declared()
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(tasks)
    assert {*URGENT, *HEAVY} <= set(tasks)


@pytest.mark.parametrize("name", SCHEDULE)
def test_a_day_without_a_worker_leaves_one_tick_of_each_kind(name: str) -> None:
    """A tick is dropped once the next of its kind is due, so that never two of them wait."""
    entry = SCHEDULE[name]
    when, expires = entry["schedule"], timedelta(seconds=entry["options"]["expires"])
    if isinstance(when, crontab):
        apart = timedelta(hours=1) if len(when.hour) > 1 else timedelta(days=1)
        assert len(when.minute) == 1
    else:
        apart = timedelta(seconds=when)
    assert expires <= apart


@pytest.mark.django_db(transaction=True)
def test_what_runs_already_is_not_run_beside_itself() -> None:
    ran: list[int] = []

    def back_up() -> None:
        ran.append(1)

    guarded = unless_running(back_up)
    # no success: a duty that hangs is missed
    with run_exclusively(f"{back_up.__module__}.back_up"), pytest.raises(Ignore):
        guarded()
    assert ran == []
    guarded()
    assert ran == [1]
    assert inspect.signature(guarded) == inspect.signature(back_up)
