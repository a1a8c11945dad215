"""A long list goes over two connections: every row once, whatever the batches meet on their way. So does a
bulk of a CRM."""

import time
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from apps.campaigns.models import QueueEntry
from apps.campaigns.services import contact_list_of
from apps.contacts import services
from apps.contacts.models import Consent, Contact, ContactImport, ExternalRef
from apps.contacts.services import batching, importing, preparing, storing, syncing
from apps.contacts.services.syncing import ContactRecord
from apps.core.crypto import blind_index
from apps.core.errors import HeguiError
from apps.core.privacy.protected import Protected
from apps.jobs.models import Job
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 60


@pytest.fixture
def world(clock: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(batching, "TWO_CONNECTIONS", 0)
    monkeypatch.setattr(preparing, "BATCH", 5)
    return World()


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Each batch as it is copied: where it ends, and whether without a look for numbers that are there."""
    seen: list[tuple[int, bool]] = []
    store = storing.store

    def noted(batch: Any, *, all_new: bool) -> Any:
        seen.append((batch.done, all_new))
        return store(batch, all_new=all_new)

    monkeypatch.setattr(storing, "store", noted)
    return seen


def number(place: int) -> str:
    return f"1390000{place:04}"


def content(rows: int = ROWS) -> bytes:
    lines = [f"{number(place)},王小明,网页勾选,2026-07-16 10:00" for place in range(rows)]
    return "\n".join(["手机号,姓名,同意渠道,同意时间", *lines]).encode()


def run(world: World, **options: Any) -> ContactImport:
    return services.import_now(
        actor=world.people["supervisor"],
        source=world.source,
        file_name="list.csv",
        file=content(),
        contact_list=contact_list_of(world.campaign),
        **options,
    )


def assert_whole(done: ContactImport) -> None:
    listed = Contact.objects.filter(
        number_index__in=[blind_index.number_index(f"+86{number(place)}") for place in range(ROWS)]
    )
    assert (
        listed.count()
        == QueueEntry.objects.filter(contact__in=listed).count()
        == done.consented
        == done.stored_rows
        == ROWS
    )
    assert Consent.objects.filter(contact__in=listed, evidence=f"contact_import:{done.pk}").count() == ROWS
    assert done.counts == {"accepted": ROWS}
    assert done.state == ContactImport.State.DONE


def test_every_row_is_there_once_and_batches_commit_in_their_order(
    world: World, stored: list[tuple[int, bool]]
) -> None:
    result: list[int] = []
    assert_whole(run(world, progress=lambda done, total: result.append(done)))
    assert result == list(range(5, ROWS + 1, 5))
    assert stored[0] == (5, False)
    assert sorted(stored[1:]) == [(done, True) for done in range(10, ROWS + 1, 5)], (
        "the first met nobody: the others do not look"
    )


def test_a_number_that_is_there_already_is_found_and_the_rest_goes_one_by_one(
    world: World, stored: list[tuple[int, bool]]
) -> None:
    there = world.add_contact(f"+86{number(31)}")
    assert_whole(run(world))
    assert Contact.objects.get(pk=there.pk).consents.count() == 2
    assert (35, True) in stored
    assert [each for each in stored if each[0] > 40] == [(done, False) for done in range(45, ROWS + 1, 5)]


def test_a_circle_that_the_database_cannot_see_is_broken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds a contact that one batch waits for, and waits for a number that the next has copied."""
    monkeypatch.setattr(batching, "PATIENCE", "300ms")
    monkeypatch.setattr(
        batching._Storing, "_all_new", property(lambda self: False, lambda self, value: None), raising=False
    )
    held, theirs = world.add_contact(f"+86{number(7)}"), f"+86{number(12)}"
    begun: list[bool] = []

    def other() -> None:
        try:
            with transaction.atomic():
                Contact.objects.select_for_update().get(pk=held.pk)
                begun.append(True)
                _wait_for(
                    lambda: (
                        _backends("wait_event_type = 'Lock'") and _backends("state = 'idle in transaction'")
                    )
                )
                world.add_contact(theirs)
        finally:
            connection.close()

    somebody = Thread(target=other)
    somebody.start()
    _wait_for(lambda: bool(begun))
    done = run(world)
    somebody.join()
    assert_whole(done)
    assert Contact.objects.get(number_index=blind_index.number_index(theirs)).consents.count() == 2


def test_a_worker_that_was_given_up_stops(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def moved_on_by_another(*args: Any, **kwargs: Any) -> None:
        if ContactImport.objects.filter(stored_rows=20).exists():
            ContactImport.objects.update(stored_rows=25)

    monkeypatch.setattr(batching.jobs, "move_on", moved_on_by_another)
    done = run(world)
    assert done.stored_rows == 25
    assert done.state == ContactImport.State.CONFIRMED
    assert Contact.objects.filter(name__isnull=False).count() <= 20 + 1, (
        "of the world's one, and of batches that were its own"
    )


def test_a_batch_that_fails_takes_those_behind_it_along_and_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    store = storing.store

    def fails_once(batch: Any, **options: Any) -> Any:
        if batch.done == 30 and not failed:
            failed.append(True)
            raise RuntimeError("the disk is full")
        return store(batch, **options)

    failed: list[bool] = []
    monkeypatch.setattr(storing, "store", fails_once)
    with pytest.raises(RuntimeError, match="disk is full"):
        run(world)
    assert ContactImport.objects.get().stored_rows == 25
    clock.shift(121)
    importing.run_import(Job.objects.get().pk)
    assert_whole(ContactImport.objects.get())


def test_a_bulk_that_meets_an_import_is_stored_over_it(world: World) -> None:
    client, _key = world.api_client("crm", "contacts")
    held: list[bool] = []

    def other() -> None:
        try:
            with transaction.atomic():
                world.add_contact(f"+86{number(1)}")
                held.append(True)
                _wait_for(lambda: _backends("wait_event_type = 'Lock'"))
        finally:
            connection.close()

    somebody = Thread(target=other)
    somebody.start()
    _wait_for(lambda: bool(held))
    result = [
        (
            f"crm-{each}",
            ContactRecord(phone=Protected(f"+86{number(each)}", "phone"), source="members", tags=("甲",)),
        )
        for each in range(3)
    ]
    outcomes = [
        became[1]
        for became in syncing.put_contacts(client=client, items=result)
        if not isinstance(became, HeguiError)
    ]
    somebody.join()
    assert outcomes == ["created"] * 3
    assert Contact.objects.get(number_index=blind_index.number_index(f"+86{number(1)}")).tags == ["甲"]
    assert ExternalRef.objects.count() == 3


def _backends(where: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> "
            f"pg_backend_pid() and {where}"
        )
        return int(cursor.fetchone()[0])


def _wait_for(what: Callable[[], Any]) -> None:
    for _each in _moments():
        if what():
            return
    raise AssertionError("It did not come to that.")


def _moments() -> Iterator[int]:
    for each in range(400):
        yield each
        time.sleep(0.02)
