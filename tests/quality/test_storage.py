"""Recordings in their storage: keys that turn, what a hold and the end of a period do, a bucket instead of a
folder (R7, R8)."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import override_settings

from apps.core.crypto import encrypted_files, keyring, streams
from apps.core.errors import DecryptionFailed
from apps.jobs.services import delete_discarded
from apps.quality import services
from apps.quality.models import CorrectiveAction, Recording, Review, Transcript, Violation
from apps.retention import services as retention
from apps.retention.services import check_consistency
from apps.retention.services.rotating_keys import count_waiting
from config.storage import stored_files
from tests.conftest import S3
from tests.quality.finding import close, found
from tests.quality.judging import judged
from tests.retention.rotating import rotate
from tests.world import World

from .sounds import hand_in, wav


def heard(kept: Recording) -> bytes:
    with services.open_recording(kept) as stream:
        return b"".join(stream.between(0, stream.size))


# -- periods and holds


def test_a_recording_goes_with_its_period_and_its_file_with_it(
    world: World, clock: time_machine.Traveller
) -> None:
    call = world.connected()
    kept = hand_in(call)
    services.take_transcript(
        client=None, call_id=call.pk, raw=[{"start": 0, "end": 1, "speaker": "agent", "text": "您好"}]
    )
    clock.shift(timedelta(days=364))
    retention.purge(pause=0)
    assert Recording.objects.exists()
    clock.shift(timedelta(days=2))
    run = retention.purge(pause=0)
    assert (run.counts["recording"], run.counts["transcript"]) == (1, 1)
    assert not Recording.objects.exists()
    assert not Transcript.objects.exists()
    retention.purge(pause=0)
    assert not encrypted_files.exists(kept.file)


@pytest.mark.parametrize("kind", ["recording", "call", "campaign"])
def test_a_hold_keeps_the_recording(world: World, clock: time_machine.Traveller, kind: str) -> None:
    call = world.connected()
    kept = hand_in(call)
    target = {"recording": kept.pk, "call": call.pk, "campaign": world.campaign.pk}[kind]
    hold = retention.place_hold(
        actor=world.people["compliance"],
        kind=kind,
        target_id=target,
        reason="案号",
        review_on=world.today + timedelta(days=400),
    )
    clock.shift(timedelta(days=370))
    retention.purge(pause=0)
    assert heard(Recording.objects.get())
    retention.end_hold(actor=world.people["compliance"], hold=hold, reason="结案")
    retention.purge(pause=0)
    assert not Recording.objects.exists()


def test_a_review_goes_a_year_after_its_action_is_closed(world: World, clock: time_machine.Traveller) -> None:
    violation = found(world, review=judged(world, world.connected(), "compliance"))
    clock.shift(timedelta(days=300))
    close(world, violation)
    clock.shift(timedelta(days=100))
    retention.purge(pause=0)
    assert Review.objects.exists()
    assert Violation.objects.exists()
    clock.shift(timedelta(days=300))
    retention.purge(pause=0)
    retention.purge(pause=0)
    assert not Review.objects.exists()
    assert not Violation.objects.exists()
    assert not CorrectiveAction.objects.exists()


def test_a_review_that_nobody_made_goes_after_a_year(world: World, clock: time_machine.Traveller) -> None:
    judged(world, world.connected())
    clock.shift(timedelta(days=370))
    retention.purge(pause=0)
    assert not Review.objects.exists()


# -- keys


def test_a_recording_is_heard_after_its_key_turned(world: World, ring: Path) -> None:
    content = wav(60)
    kept = hand_in(world.connected(), content)
    before = encrypted_files.key_id(kept.file)
    done = rotate()
    assert done["files"] == 1
    assert encrypted_files.key_id(kept.file) == keyring.keys("files").current_id != before
    assert heard(kept) == content
    assert count_waiting() == {}
    assert check_consistency() == {}


def test_what_a_process_leaves_behind_that_dies_while_it_stores_is_found_and_repaired(
    world: World, clock: time_machine.Traveller
) -> None:
    # stored, and no row ever came
    name = streams.put(iter([b"x" * 100_000]), folder="recordings", belongs_to="call:1")
    clock.move_to(encrypted_files.stored_at(name) + timedelta(minutes=30))
    assert check_consistency() == {}  # it may be on its way
    clock.shift(timedelta(hours=1))
    assert check_consistency(repair=True) == {"files_without_rows": [name]}
    delete_discarded()
    assert not encrypted_files.exists(name)


# -- a bucket


@pytest.fixture
def in_bucket(s3: S3) -> Iterator[Any]:
    entry = stored_files(urlsplit(s3.address("encrypted")))
    with override_settings(
        STORAGES={
            "default": entry,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        }
    ):
        yield s3.client


def test_a_recording_lies_encrypted_in_a_bucket_and_is_heard_from_any_place(
    world: World, in_bucket: Any
) -> None:
    content = wav(60)
    kept = hand_in(world.connected(), content)
    (stored,) = in_bucket.list_objects_v2(Bucket="hegui")["Contents"]
    assert stored["Key"] == f"encrypted/{kept.file}"
    assert content[1_000:1_064] not in in_bucket.get_object(Bucket="hegui", Key=stored["Key"])["Body"].read()
    assert kept.state == "ready"
    assert heard(kept) == content
    with services.open_recording(kept) as stream:
        assert b"".join(stream.between(500_000, 500_100)) == content[500_000:500_100]
    assert list(encrypted_files.names()) == [kept.file]


def test_what_is_refused_leaves_nothing_in_a_bucket(world: World, in_bucket: Any) -> None:
    call = world.connected()
    with pytest.raises(Exception, match=r"\w"):
        services.receive_recording(
            client=None, call_id=call.pk, read=io.BytesIO(wav()[:500_000]).read, length=960_044
        )
    assert "Contents" not in in_bucket.list_objects_v2(Bucket="hegui")


def test_a_cut_in_a_bucket_shows(world: World, in_bucket: Any) -> None:
    kept = hand_in(world.connected())
    key = f"encrypted/{kept.file}"
    encrypted = in_bucket.get_object(Bucket="hegui", Key=key)["Body"].read()
    in_bucket.put_object(Bucket="hegui", Key=key, Body=encrypted[:-70_000])
    with pytest.raises(DecryptionFailed):
        services.open_recording(kept)


def test_keys_turn_and_periods_end_in_a_bucket(
    world: World, in_bucket: Any, ring: Path, clock: time_machine.Traveller
) -> None:
    content = wav(20)
    kept = hand_in(world.connected(seconds=20), content)
    name = encrypted_files.put(b"a small one", folder="uploads")
    rotate()
    assert heard(kept) == content
    assert encrypted_files.get(name) == b"a small one"
    clock.shift(timedelta(days=370))
    retention.purge(pause=0)
    retention.purge(pause=0)
    assert not encrypted_files.exists(kept.file)


@pytest.mark.parametrize("address", ["ftp://x/y", "s3:///folder", "s3://bucket?secret=x", "https://bucket"])
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    from urllib.parse import urlsplit

    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured):
        stored_files(urlsplit(address))
