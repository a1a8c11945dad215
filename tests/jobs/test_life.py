"""A job: leased by one worker, taken over when it dies, given up after several tries."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core.errors import BadInput, ServiceAway, StorageAway
from apps.jobs import services
from apps.jobs.models import Job
from apps.notifications import rules
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


def test_without_a_queue_the_job_waits_and_is_woken_later(
    job: Job, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_job_that_waits_behind_others_is_sent_again_after_growing_pauses(
    job: Job, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(services.current_app, "send_task", lambda task, args: sent.extend(args))
    for _tick in range(6 * 120):  # six hours of ticks, every 30 seconds
        clock.shift(30)
        services.wake_forgotten()
    assert len(sent) == 12, "after half a minute, one, two, … 32 minutes, then every hour"


def test_a_worker_that_lost_its_lease_changes_nothing_more(job: Job, clock: Any) -> None:
    with services.lease(job.pk) as first:
        assert first is not None
        clock.shift(121)
        with services.lease(job.pk) as second:
            assert second is not None
            with pytest.raises(services.LeaseLost):
                services.move_on(first, done=3)
            with pytest.raises(services.LeaseLost):
                services.end(first, state=Job.State.DONE, sentence="")
            services.move_on(second, done=1)
            services.end(second, state=Job.State.DONE, sentence="done")
    job.refresh_from_db()
    assert (job.state, job.done, job.sentence, job.attempts) == ("done", 1, "done", 2)


def test_it_does_not_give_away_what_another_holds_when_it_fails(job: Job, clock: Any) -> None:
    first = services.lease(job.pk)
    first.__enter__()
    clock.shift(121)
    with services.lease(job.pk) as second:
        assert second is not None
        assert not first.__exit__(RuntimeError, RuntimeError("disk"), None)
        job.refresh_from_db()
        assert (job.leased_until, job.attempts) == (second.leased_until, 2)


def test_a_refusal_ends_the_job_at_once_with_its_sentence(job: Job) -> None:
    with services.lease(job.pk):
        raise BadInput("Row 7 holds no number.")
    job.refresh_from_db()
    assert (job.state, job.sentence, job.attempts) == ("refused", "Row 7 holds no number.", 1)


def test_what_is_away_is_tried_again_and_is_no_refusal(job: Job) -> None:
    with pytest.raises(ServiceAway), services.lease(job.pk):
        raise ServiceAway()
    job.refresh_from_db()
    assert job.state == "running"


def test_a_store_that_is_away_for_hours_ends_no_job(job: Job, clock: Any) -> None:
    """It goes on when the store is back; a day later it is given up, and other errors count as they did."""
    for _hour in range(20):
        with pytest.raises(StorageAway), services.lease(job.pk):
            raise StorageAway()
        clock.shift(timedelta(hours=1))
    job.refresh_from_db()
    assert (job.state, job.attempts, job.aways) == ("running", 20, 20)
    with services.lease(job.pk) as held:
        assert held is not None
        services.end(held, state="done", sentence="")
    Job.objects.filter(pk=job.pk).update(state="waiting", ended_at=None)
    clock.shift(timedelta(days=1))
    for _try in range(services.MOST_ATTEMPTS):
        job.refresh_from_db()
        if job.state == "failed":
            break
        with pytest.raises(StorageAway), services.lease(job.pk):
            raise StorageAway()
        clock.shift(timedelta(hours=1))
    job.refresh_from_db()
    assert job.state == "failed"


def test_a_job_that_kills_its_workers_has_failed_after_several(job: Job, clock: Any) -> None:
    for _each in range(services.MOST_ATTEMPTS):
        services.lease(job.pk).__enter__()  # and the worker dies
        clock.shift(121)
    with services.lease(job.pk) as none:
        assert none is None
    job.refresh_from_db()
    assert (job.state, bool(job.sentence)) == ("failed", True)


@pytest.mark.parametrize("times", [0, 10, 42, 10_000])
def test_pauses_are_bounded_however_often_it_was_tried(times: int) -> None:
    assert services.LEAST_PAUSE <= services.pause_after(times) <= services.MOST_PAUSE
    assert rules.LEAST_PAUSE <= rules.pause_after(times + 1) <= rules.MOST_PAUSE
