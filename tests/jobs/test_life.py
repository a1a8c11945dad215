"""A job: leased by one worker, taken over when it dies, given up after several tries."""

from typing import Any

import pytest

from apps.jobs import services
from apps.jobs.models import Job
from tests.world import World


@pytest.fixture
def job(world: World) -> Job:
    return services.ask_for(kind="test", task="no.such.task", owner=world.people["supervisor"])


def test_one_worker_holds_it_and_another_waits(job: Job, clock: Any) -> None:
    with services.lease(job.pk) as first, services.lease(job.pk) as second:
        assert first == job
        assert second is None
        clock.shift(121)
        with services.lease(job.pk) as third:
            assert third == job


def test_progress_keeps_the_lease(job: Job, clock: Any) -> None:
    with services.lease(job.pk) as held:
        assert held is not None
        clock.shift(100)
        services.move_on(held, done=1, total=4)
        clock.shift(100)
        with services.lease(job.pk) as other:
            assert other is None
        assert held.percent == 25


def test_an_error_frees_it_for_another_try_and_the_last_one_fails_it(job: Job, clock: Any) -> None:
    for attempt in range(services.MOST_ATTEMPTS):
        clock.shift(1)
        with pytest.raises(RuntimeError, match=str(attempt)), services.lease(job.pk):
            raise RuntimeError(attempt)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", services.MOST_ATTEMPTS)
    assert job.sentence
    with services.lease(job.pk) as none:
        assert none is None


def test_without_a_queue_the_job_waits_and_is_woken_later(job: Job, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu.exceptions import OperationalError

    woken: list[int] = []

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(services.current_app, "send_task", away)
    services.wake(job)
    monkeypatch.setattr(services.current_app, "send_task", lambda task, args: woken.extend(args))
    assert services.wake_forgotten() == 0
    clock.shift(16)
    assert services.wake_forgotten() == 1
    assert woken == [job.pk]
