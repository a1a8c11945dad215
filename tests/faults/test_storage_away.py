"""The bucket of files is gone: nobody reads of success, certificates say what is true, and all goes on when
it is back."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.endpoint import Endpoint
from botocore.exceptions import EndpointConnectionError
from django.db import connection, transaction
from django.test import override_settings

from apps.contacts import services as contacts
from apps.contacts.models import Contact, ContactImport
from apps.core.crypto import encrypted_files
from apps.core.database.locks import keep_files
from apps.core.errors import StorageAway
from apps.jobs.models import FileToDelete, Job
from apps.quality import services as quality
from apps.quality.models import Recording
from apps.retention import services as retention
from apps.retention.certificates import certificate, is_genuine
from apps.rights.models import SubjectRequest
from config.storage import stored_files
from tests.conftest import S3
from tests.http import Api, problem
from tests.quality.sounds import hand_in, wav
from tests.rights.asking import ask, execute, history
from tests.world import OTHER_PHONE, PHONE, World


@pytest.fixture
def in_bucket(s3: S3) -> Iterator[S3]:
    entry = stored_files(urlsplit(s3.address("encrypted")))
    with override_settings(
        STORAGES={
            "default": entry,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        }
    ):
        yield s3


@pytest.fixture
def away(in_bucket: S3, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A block in which no request reaches the bucket; after so many more (`after`)."""
    gone, left = threading.Event(), [0]
    send = Endpoint._send

    def cut(self: Any, request: Any) -> Any:
        if gone.is_set():
            if left[0] <= 0:
                raise EndpointConnectionError(endpoint_url="http://bucket")
            left[0] -= 1
        return send(self, request)

    monkeypatch.setattr(Endpoint, "_send", cut)

    @contextmanager
    def while_away(*, after: int = 0) -> Iterator[None]:
        left[0] = after
        gone.set()
        try:
            yield
        finally:
            gone.clear()

    return while_away


@pytest.mark.django_db(transaction=True)
def test_the_certificate_counts_the_files_that_are_gone(world: World, clock: Any) -> None:
    """Most of them go as soon as the transaction of their rows is over."""
    for phone in (PHONE, _another(world)):
        hand_in(world.connected(phone=phone))
    clock.shift(timedelta(days=366))
    run = retention.purge(pause=0)
    assert (run.state, run.files, certificate(run)["document"]["files_deleted"]) == ("done", 2, 2)


@pytest.mark.django_db(transaction=True)
def test_the_certificate_says_what_a_backup_still_reads(world: World, clock: Any) -> None:
    kept = hand_in(world.connected())
    clock.shift(timedelta(days=366))
    with reading_files():
        run = retention.purge(pause=0)
    assert encrypted_files.exists(kept.file)
    assert (run.state, run.files, run.held["files"]) == ("done", 0, 1)
    again = retention.purge(pause=0)
    assert (again.state, again.files, "files" in again.held) == ("done", 1, False)
    assert not encrypted_files.exists(kept.file)


@contextmanager
def reading_files() -> Iterator[None]:
    """A backup on another connection."""
    begun, over = threading.Event(), threading.Event()

    def read() -> None:
        with transaction.atomic():
            keep_files()
            begun.set()
            over.wait(60)
        connection.close()

    backup = threading.Thread(target=read)
    backup.start()
    assert begun.wait(60)
    try:
        yield
    finally:
        over.set()
        backup.join()


@pytest.mark.parametrize("after", range(4))
def test_a_purge_says_what_is_not_gone_and_the_next_one_finishes(
    world: World, clock: Any, away: Any, browse: Any, after: int
) -> None:
    kept = [hand_in(world.connected()), hand_in(world.connected(phone=_another(world)))]
    clock.shift(timedelta(days=366))
    with away(after=after):
        run = retention.purge(pause=0)
    assert run.state == "failed"
    assert is_genuine(run)
    result = certificate(run)["document"]
    left = FileToDelete.objects.count()
    assert result["not_deleted"]["files"] == str(left)
    assert result["files_deleted"] == 2 - left
    page = browse("compliance").get("/enforcement/").content.decode()
    assert ("每分钟重试一次" in page) is bool(left)
    again = retention.purge(pause=0)
    assert (again.state, again.files) == ("done", left)
    assert not any(encrypted_files.exists(each.file) for each in kept)


def _another(world: World) -> str:
    world.add_contact(OTHER_PHONE)
    return OTHER_PHONE


def test_an_upload_by_a_program_is_refused_with_503_and_taken_later(world: World, away: Any) -> None:
    call, api, path = world.connected(), Api(world.key), ""
    path = f"calls/{call.public_id}/recording"
    world.client.scopes.append("recordings")
    world.client.save()
    type(call).objects.filter(pk=call.pk).update(client=world.client)
    with away():
        answer = api.put(path, wav(5))
    assert problem(answer) == (503, "storage_away")
    assert int(answer.headers["Retry-After"]) > 0
    assert not Recording.objects.exists()
    assert api.put(path, wav(5)).status_code == 201


def test_a_list_is_refused_with_a_sentence_and_nothing_is_kept(world: World, away: Any) -> None:
    with away(), pytest.raises(StorageAway):
        contacts.start_import(
            actor=world.people["supervisor"],
            source=world.source,
            file_name="a.csv",
            file=io.BytesIO(f"手机号\n{OTHER_PHONE}\n".encode()),
        )
    assert not ContactImport.objects.exists()


def test_an_import_goes_on_when_the_bucket_is_back(world: World, clock: Any, away: Any) -> None:
    preview = contacts.start_import(
        actor=world.people["supervisor"],
        source=world.source,
        file_name="a.csv",
        file=io.BytesIO(f"手机号\n{OTHER_PHONE}\n".encode()),
    )
    job = contacts.confirm_import(
        actor=world.people["supervisor"], contact_import=preview, mapping=preview.mapping
    )
    with away(), pytest.raises(StorageAway):
        contacts.run_import(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING, "it is tried again, and nobody reads that it is done or refused"
    clock.shift(60)
    contacts.run_import(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert Contact.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_cannot_read_the_files_has_failed(world: World, away: Any) -> None:
    hand_in(world.connected())
    with away():
        run = retention.back_up_by_schedule()
    assert run.state == "failed"
    assert retention.last_good() is None
    assert retention.back_up_by_schedule().state == "done"


def test_a_deletion_of_a_person_is_done_only_when_the_files_are_gone(
    world: World, away: Any, django_capture_on_commit_callbacks: Any
) -> None:
    history(world)
    with away(), django_capture_on_commit_callbacks(execute=True):
        made = execute(world, ask(world))
    made.refresh_from_db()
    assert made.state == SubjectRequest.State.REMAINDER
    assert ["files", 1, "file_waiting"] in made.result["kept"]
    retention.purge(pause=0)
    assert made.certificate["document"]["state"] == "remainder"


def test_who_listens_is_reported(world: World, away: Any) -> None:
    kept = hand_in(world.connected())
    with away(), pytest.raises(StorageAway) as result:
        quality.open_recording(kept)
    assert PHONE not in str(result.value)
    assert "EndpointConnectionError" in str(result.value)


def test_a_bucket_that_is_not_there_is_away_and_nothing_is_seen_to_be_gone(in_bucket: S3) -> None:
    """As after a misspelt address: what lies in the real one is not certified to be deleted."""
    entry = stored_files(urlsplit(in_bucket.address("encrypted").replace("/hegui/", "/elsewhere/")))
    with override_settings(
        STORAGES={
            "default": entry,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        }
    ):
        for use in (encrypted_files.exists, encrypted_files.delete):
            with pytest.raises(StorageAway):
                use("recordings/x")


def test_a_bucket_with_versions_keeps_no_version(in_bucket: S3) -> None:
    in_bucket.client.put_bucket_versioning(Bucket="hegui", VersioningConfiguration={"Status": "Enabled"})
    kept, name = (
        encrypted_files.put(b"stays", folder="recordings"),
        encrypted_files.put(b"goes", folder="recordings"),
    )
    encrypted_files.delete(name)
    assert not encrypted_files.exists(name)
    left = in_bucket.client.list_object_versions(Bucket="hegui")
    assert [version["Key"].rpartition("/")[2] for version in left["Versions"]] == [kept.rpartition("/")[2]]
    assert "DeleteMarkers" not in left
