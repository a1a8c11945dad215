"""kill -9 at random moments of purge, rotation, backup and restore: what follows finishes cleanly, and
nothing is half done.

Fifty moments in all; in a proof fifty of each, drawn anew.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections

from apps.contacts.models import Contact, ContactImport
from apps.core.calendar.clock import now
from apps.core.crypto import encrypted_files, keyring
from apps.core.privacy.protected import clear_for_machine
from apps.retention import databases, services
from apps.retention.archive import Secrets, verify_archive
from apps.retention.models import Erasure
from apps.retention.services import purging
from tests.proofs import PROVES, sized
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MOMENTS = random.Random(None if PROVES else 20261125)
PEOPLE = 60


def times(count: int) -> range:
    return range(sized(count, 50))


def killed(work: Callable[[], object], *, within: float) -> bool:
    """Do the work in a child that is killed at a random moment. Returns whether the moment came before its
    end."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(MOMENTS.uniform(0, within))
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def lasts(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


@pytest.fixture
def people(world: World) -> World:
    for number in range(PEOPLE - 1):
        world.add_contact(f"139{number:08}")
    return world


def due(world: World, count: int) -> None:
    chosen = Contact.objects.order_by("pk").values_list("pk", flat=True)[:count]
    Contact.objects.filter(pk__in=list(chosen)).update(expires_at=now())


def with_file(world: World) -> str:
    name = encrypted_files.put(b"a list of people", folder="uploads")
    ContactImport.objects.create(
        source=world.source,
        file_name="a.csv",
        upload=name,
        started_by=world.people["supervisor"],
        created_at=now() - timedelta(days=31),
    )
    return name


def test_a_purge_that_is_killed_is_finished_by_the_next(
    people: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "BATCH", 5)
    due(people, 10)
    length = lasts(lambda: services.purge(pause=0))
    early = 0
    for _round in times(20):
        for number in range(10):
            people.add_contact(
                f"137{MOMENTS.randrange(10**8):08}" if number else f"136{MOMENTS.randrange(10**8):08}"
            )
        name = with_file(people)
        due(people, 10)
        early += killed(lambda: services.purge(pause=0), within=length)
        run = services.purge(pause=0)
        assert run.failures == {}
        assert not Contact.objects.filter(expires_at__lte=now()).exists()
        assert not Erasure.objects.filter(done_at__isnull=True).exists()
        assert not encrypted_files.exists(name)
        assert services.check_consistency() == {}
    assert early


def test_a_rotation_that_is_killed_is_finished_by_the_next(
    people: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = tmp_path / "keyring.json"
    keyring.write_private_file(ring, keyring.read_private_file(settings.HEGUI_KEYRING_FILE))
    monkeypatch.setattr(settings, "HEGUI_KEYRING_FILE", ring)
    with_file(people)
    numbers = {person.pk: clear_for_machine(person.phone) for person in Contact.objects.all()}

    def rotate() -> object:
        return services.rotate_keys(wait=lambda seconds: None)

    length = lasts(rotate)
    early = 0
    for _round in times(15):
        early += killed(rotate, within=length)
        rotate()
        assert services.count_waiting() == {}
        assert {person.pk: clear_for_machine(person.phone) for person in Contact.objects.all()} == numbers
        assert encrypted_files.get(ContactImport.objects.get().upload) == b"a list of people"
    assert early


def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(people: World, tmp_path: Path) -> None:
    with_file(people)
    length = lasts(lambda: services.back_up(tmp_path / "first.backup", secrets=Secrets()))
    early = 0
    for place in times(8):
        path = tmp_path / f"{place}.backup"
        early += killed(partial(services.back_up, path, secrets=Secrets()), within=length)
        if path.exists():
            verify_archive(path, secrets=Secrets())
        else:
            services.back_up(path, secrets=Secrets())
        assert verify_archive(path, secrets=Secrets())["rows"]["contacts_contact"] == PEOPLE
    assert early


def test_a_restore_that_is_killed_leaves_an_empty_system_or_a_whole_one(
    people: World, tmp_path: Path
) -> None:
    path, name = tmp_path / "one.backup", f"{connection.settings_dict['NAME']}_killed"
    services.back_up(path, secrets=Secrets())
    people.opt_out()
    early = 0

    def restore() -> None:
        with databases.working_on(name):
            services.restore(path, secrets=Secrets())

    def is_whole() -> bool:
        with databases.working_on(name), connection.cursor() as cursor:
            if not connection.introspection.table_names(cursor):
                return False
            assert Contact.objects.count() == PEOPLE
            assert "opted_out" in people.authorize().codes
            assert services.check_consistency() == {}
        return True

    try:
        databases.create(name)
        length = lasts(restore)
        for _round in times(7):
            databases.create(name)
            early += killed(restore, within=length)
            if not is_whole():
                restore()
                assert is_whole()
        assert early
    finally:
        for each in (name, f"{name}_restoring", f"{name}_aside"):
            databases.drop(each)
