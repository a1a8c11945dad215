"""Redis is gone: the gate and the pages go on, jobs wait and run later, once."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from apps.accounts import rate_limit
from apps.calls import services
from apps.calls.models import Forecast
from apps.jobs import services as jobs
from apps.jobs.models import Job
from tests.http import Api
from tests.queues import lose_the_queue
from tests.world import PHONE, World


@pytest.fixture
def without_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rate_limit, "_store", lambda: redis.Redis(unix_socket_path="/nowhere/redis.sock"))
    lose_the_queue(monkeypatch)
    yield
    rate_limit._redis.away_until = 0.0


@pytest.mark.usefixtures("without_redis")
def test_the_gate_decides_and_pages_answer(world: World, browse: Any) -> None:
    answer = Api(world.key).post(
        "calls/authorize", {"campaign": "spring", "phone": PHONE, "line": world.line.number}
    )
    assert (answer.status_code, answer.json()["decision"]) == (200, "allow")
    assert browse("agent").get("/desk/").status_code == 200
    assert browse("compliance").get("/decisions/").status_code == 200


@pytest.mark.usefixtures("without_redis")
def test_a_job_waits_and_runs_once_when_redis_is_back(
    world: World, clock: Any, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        asked = services.ask_list(actor=world.people["supervisor"], campaign=world.campaign)
    assert Job.objects.get().state == Job.State.WAITING
    clock.shift(60)
    woken: list[Any] = []
    monkeypatch.setattr(jobs.current_app, "send_task", lambda name, args: woken.append(args[0]))
    assert jobs.wake_forgotten() == 1
    for job in woken * 2:  # the queue may hand a task out twice
        services.run_forecast(job)
    assert Forecast.objects.get(pk=asked.pk).counts["total"] == 1
    assert Job.objects.get().attempts == 1
