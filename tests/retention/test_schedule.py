"""Backups by schedule: whole once a week, gone after their time, missed when they are late, proven by a
drill."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client

from apps.contacts.models import Contact
from apps.core.errors import StorageAway
from apps.retention import services
from apps.retention.models import BackupRun
from apps.retention.services import scheduling
from tests.conftest import S3
from tests.site import free_port
from tests.world import World

DAY = timedelta(days=1)


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def names() -> set[str]:
    return {path.name for path in Path(settings.HEGUI_BACKUPS).iterdir()}


def good(created_at: object, name: str, base: str = "") -> BackupRun:
    path = Path(settings.HEGUI_BACKUPS) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"a backup")
    return BackupRun.objects.create(kind="backup", state="done", name=name, base=base, created_at=created_at)


@pytest.mark.django_db(transaction=True)
def test_the_first_is_whole_the_next_stand_on_it_until_the_week_is_over(
    world: World, clock: time_machine.Traveller
) -> None:
    first = services.back_up_by_schedule()
    assert (first.state, first.base, first.facts["missing"]) == ("done", "", 0)
    clock.shift(DAY)
    second = services.back_up_by_schedule()
    assert (second.state, second.base) == ("done", first.name)
    assert names() == {first.name, second.name}
    clock.shift(7 * DAY)
    assert services.back_up_by_schedule().base == ""


@pytest.mark.django_db(transaction=True)
def test_the_drill_restores_the_newest_beside_the_site_and_leaves_no_trace(
    world: World, clock: time_machine.Traveller
) -> None:
    services.back_up_by_schedule()
    world.opt_out()
    run = services.run_drill()
    assert (run.state, run.facts["opt_outs"], run.facts["register"]) == ("done", 1, 0)
    assert Contact.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_database where datname like %s", ["%\\_drill"])
        assert cursor.fetchone()[0] == 0


@pytest.mark.django_db(transaction=True)
def test_a_drill_that_fails_is_reported(world: World) -> None:
    assert services.run_drill().state == "failed"  # there is no backup yet
    run = services.back_up_by_schedule()
    path = Path(settings.HEGUI_BACKUPS) / run.name
    path.write_bytes(path.read_bytes()[:-1])
    failed = services.run_drill()
    assert failed.state == "failed"
    assert failed.sentence
    assert world.people["admin"].notices.filter(code="drill_failed").count() == 2


def test_a_backup_that_cannot_be_written_is_a_failed_run_and_reported_the_next_hour(
    world: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "back_up", full)
    run = services.back_up_by_schedule()
    assert (run.state, run.sentence) == ("failed", "OSError")
    assert services.watch_backups()
    assert services.watch_backups()
    assert world.people["admin"].notices.filter(code="backup_old").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_whole_one_that_no_longer_opens_is_no_base(world: World, clock: time_machine.Traveller) -> None:
    first = services.back_up_by_schedule()
    path = Path(settings.HEGUI_BACKUPS) / first.name
    path.write_bytes(path.read_bytes()[:-1])
    clock.shift(DAY)
    assert (services.back_up_by_schedule().state, BackupRun.objects.latest("pk").base) == ("done", "")


def test_a_row_whose_file_is_gone_is_no_backup(world: World, clock: time_machine.Traveller) -> None:
    run = good(world.at("10:00"), "one.backup")
    assert not services.watch_backups()
    (Path(settings.HEGUI_BACKUPS) / run.name).unlink()
    assert services.watch_backups()


def test_a_run_that_was_killed_does_not_run_for_ever(
    world: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = BackupRun.objects.create(kind="backup", name="killed.backup", created_at=world.at("10:00"))
    clock.shift(DAY)
    monkeypatch.setattr(scheduling, "back_up", full)
    services.back_up_by_schedule()
    killed.refresh_from_db()
    assert (killed.state, killed.ended_at is not None) == ("failed", True)


def test_a_good_one_of_the_last_26_hours_is_enough(world: World, clock: time_machine.Traveller) -> None:
    good(world.at("10:00"), "one.backup")
    clock.shift(timedelta(hours=25))
    assert not services.watch_backups()
    clock.shift(timedelta(hours=2))
    assert services.watch_backups()


def test_they_go_after_35_days_and_their_base_with_the_last_that_stands_on_it(
    world: World, clock: time_machine.Traveller
) -> None:
    start = world.at("01:30")
    good(start, "whole.backup")
    good(start + DAY, "stands.backup", base="whole.backup")
    good(start + 2 * DAY, "other.backup")
    scheduling._let_old_ones_go(start + 35 * DAY)
    assert names() == {"whole.backup", "stands.backup", "other.backup"}
    scheduling._let_old_ones_go(start + 36 * DAY)
    assert names() == {"other.backup"}
    scheduling._let_old_ones_go(start + 37 * DAY)
    assert names() == set()


def test_one_that_cannot_be_deleted_keeps_none_of_the_others(
    world: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = world.at("01:30")
    for name in ("first.backup", "stuck.backup", "last.backup"):
        good(start, name)
    place = scheduling._place

    class Stuck:
        def delete(self) -> None:
            raise StorageAway(why="AccessDenied")

    monkeypatch.setattr(scheduling, "_place", lambda name: Stuck() if name == "stuck.backup" else place(name))
    with pytest.raises(StorageAway):
        scheduling._let_old_ones_go(start + 36 * DAY)
    assert names() == {"stuck.backup"}


def test_the_page_shows_backups_and_drills(world: World, browse: object) -> None:
    assert callable(browse)
    admin: Client = browse("admin")
    assert "26" in admin.get("/retention/backups/").content.decode()
    good(world.at("10:00"), "hegui-1.backup")
    BackupRun.objects.create(
        kind="drill", state="failed", name="hegui-1.backup", sentence="坏了", created_at=world.at("10:00")
    )
    page = admin.get("/retention/backups/").content.decode()
    assert "hegui-1.backup" in page
    assert "坏了" in page


@pytest.mark.django_db(transaction=True)
def test_the_schedule_keeps_its_backups_in_a_bucket(
    world: World, clock: time_machine.Traveller, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "HEGUI_BACKUPS", s3.address("nightly"))
    s3.client.create_multipart_upload(Bucket="hegui", Key="nightly/killed.backup")
    first = services.back_up_by_schedule()
    assert (first.state, first.sentence) == ("done", "")
    assert s3.names() == [f"nightly/{first.name}"]
    clock.shift(DAY)
    second = services.back_up_by_schedule()
    assert (second.state, second.base) == ("done", first.name)
    assert services.run_drill().state == "done"
    assert services.last_good() == second
    clock.shift(60 * DAY)
    third = services.back_up_by_schedule()
    assert s3.names() == [f"nightly/{third.name}"]
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket="hegui")  # the killed one's is forgotten


def test_a_bucket_that_is_away_is_a_failed_run_and_rings(
    world: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(
        settings,
        "HEGUI_BACKUPS",
        f"s3://hegui/nightly?endpoint=http://127.0.0.1:{free_port()}&region=us-east-1",
    )
    run = services.back_up_by_schedule()
    assert run.state == "failed"
    assert "EndpointConnectionError" in run.sentence
    good_one = BackupRun.objects.create(
        kind="backup", state="done", name="one.backup", created_at=world.at("10:00")
    )
    assert services.last_good() is None
    assert services.watch_backups()
    assert good_one.deleted_at is None
