"""The page of enforcement names every duty, when it last ran, when it comes next, and what is late."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.migrations.recorder import MigrationRecorder

from apps.console import scheduled
from apps.core.calendar import clock as site_clock
from apps.jobs.models import DutyRun
from config.celery import SCHEDULE
from tests.world import World


def _duty(world: World, label: str) -> scheduled.Duty:
    return next(
        duty
        for duty in scheduled.duties(world.people["compliance"], site_clock.now())
        if duty.label == scheduled.TASKS[label][0]
    )


def test_every_task_of_the_schedule_has_a_name_and_a_page_that_exists() -> None:
    named = {entry["task"].removeprefix("apps.").replace(".tasks", "") for entry in SCHEDULE.values()}
    assert named | {"quality.transcribe_due"} == set(scheduled.TASKS)  # that one only where an adapter is set


def test_a_site_without_speech_to_text_misses_nothing(world: World) -> None:
    labels = {duty.label for duty in scheduled.duties(world.people["compliance"], site_clock.now())}
    assert scheduled.TASKS["quality.transcribe_due"][0] not in labels


def test_what_ran_has_its_next_time_and_is_late_once_that_is_over(world: World, clock: Any) -> None:
    DutyRun.objects.create(task="apps.retention.tasks.purge_expired", ended_at=world.at("02:31"))
    DutyRun.objects.create(task="apps.audit.tasks.sign_trail", ended_at=world.at("09:59"))
    clock.move_to(world.at("10:00"))
    purge = _duty(world, "retention.purge_expired")
    assert (purge.due, purge.is_late, purge.url) == (
        world.at("02:30") + timedelta(days=1),
        False,
        "/retention/",
    )
    assert not _duty(world, "audit.sign_trail").is_late
    clock.shift(timedelta(minutes=30))
    assert _duty(world, "audit.sign_trail").is_late
    assert (
        scheduled.duties(world.people["compliance"], world.at("10:30"))[0].label
        == scheduled.TASKS["audit.sign_trail"][0]
    )
    clock.shift(timedelta(days=1))
    assert _duty(world, "retention.purge_expired").is_late


def test_what_never_ran_is_waited_for_since_the_site_is_of_its_version_and_says_so(
    world: World, browse: Any
) -> None:
    MigrationRecorder.Migration.objects.update(applied=world.at("09:55"))
    drill = _duty(world, "retention.drill")
    assert (drill.url, drill.last, drill.is_late) == ("/retention/backups/", None, False)
    assert drill.due > world.at("10:00")
    assert not _duty(world, "audit.sign_trail").is_late
    MigrationRecorder.Migration.objects.update(applied=world.at("10:00") - timedelta(days=40))
    assert _duty(world, "retention.drill").is_late
    assert _duty(world, "audit.sign_trail").is_late
    DutyRun.objects.create(task="apps.retention.tasks.back_up", ended_at=datetime(2026, 1, 1, tzinfo=UTC))
    text = browse("admin").get("/enforcement/").content.decode()
    assert "逾期" in text
    assert "尚未" in text
