"""Two schedulers: one leads, the other waits; when the first is gone the second goes on and repeats nothing
of the day."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.beat import SchedulingError
from django.db import connection
from django.utils import timezone

from apps.jobs.beat import STANDBY, Beat
from apps.jobs.models import DutyRun
from config.celery import app
from tests.queues import lose_the_queue

pytestmark = pytest.mark.django_db(transaction=True)
DAILY = "apps.retention.tasks.purge_expired"


class Hosts:
    """Schedulers with homes of their own, and what each has sent."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.sent, self.made, self.refusing = place, [], [], set[int]()
        monkeypatch.setattr(Beat, "apply_async", lambda beat, entry, **more: self.send(beat, entry.task))

    def send(self, beat: Beat, task: str) -> None:
        if id(beat) in self.refusing:
            raise SchedulingError("OOM command not allowed")
        self.sent.append((id(beat), task))

    def start(self) -> Beat:
        beat = Beat(app=app, schedule_filename=str(self.place / f"host{len(self.made)}" / "schedule"))
        self.made.append(beat)
        return beat

    def tasks_of(self, beat: Beat) -> list[str]:
        return [task for number, task in self.sent if number == id(beat)]


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    made = Hosts(tmp_path, monkeypatch)
    yield made
    for beat in made.made:
        beat.close()


def make_due(beat: Beat, task: str = DAILY) -> Any:
    entry = next(each for each in beat.schedule.values() if each.task == task)
    entry.last_run_at = timezone.now() - timedelta(days=2)
    beat._heap = None
    return entry


def run(beat: Beat) -> float:
    """All that is due now."""
    seconds = beat.tick()
    while seconds == 0:
        seconds = beat.tick()
    return seconds


def test_one_of_two_leads(hosts: Hosts) -> None:
    first, second = hosts.start(), hosts.start()
    for beat in (first, second):
        make_due(beat)
    run(first)
    assert run(second) == STANDBY
    assert DAILY in hosts.tasks_of(first)
    assert hosts.tasks_of(second) == []


def test_the_second_takes_over_and_repeats_nothing_that_ran(hosts: Hosts) -> None:
    first, second = hosts.start(), hosts.start()
    run(first)
    assert run(second) == STANDBY
    make_due(second)
    DutyRun.objects.update_or_create(task=DAILY, defaults={"ended_at": timezone.now()})
    first.close()
    assert run(second) != STANDBY
    assert DAILY not in hosts.tasks_of(second)


def test_what_did_not_run_is_sent_by_the_new_one(hosts: Hosts) -> None:
    first, second = hosts.start(), hosts.start()
    run(first)
    first.close()
    DutyRun.objects.filter(task=DAILY).delete()
    make_due(second)
    run(second)
    assert DAILY in hosts.tasks_of(second)


def test_a_lost_connection_loses_the_lead_before_anything_is_sent(hosts: Hosts) -> None:
    first, second = hosts.start(), hosts.start()
    run(first)
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and "
            "datname = current_database()"
            " and state = 'idle in transaction'"
        )
    assert run(second) != STANDBY
    make_due(first)
    assert run(first) == STANDBY
    assert DAILY not in hosts.tasks_of(first)


def test_who_loses_the_queue_gives_the_lead_to_one_that_reaches_it(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = hosts.start(), hosts.start()
    run(first)
    make_due(first), make_due(second)
    with monkeypatch.context() as away:
        lose_the_queue(away)
        first.forget_queue()
        assert run(first) == STANDBY
    assert run(second) != STANDBY
    assert (hosts.tasks_of(first).count(DAILY), hosts.tasks_of(second)) == (0, [DAILY])


def test_a_duty_that_the_queue_did_not_take_stays_due(hosts: Hosts) -> None:
    first, second = hosts.start(), hosts.start()
    run(first)
    entry = make_due(first)
    hosts.refusing.add(id(first))
    assert run(first) == STANDBY
    assert first.schedule[entry.name].last_run_at == entry.last_run_at
    assert run(second) != STANDBY
    second.close()
    hosts.refusing.clear()
    run(first)
    assert hosts.tasks_of(first).count(DAILY) == 1
