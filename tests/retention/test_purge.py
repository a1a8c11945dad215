"""The purge: what is due goes with a ledger entry, what is not stays, and running again is harmless."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from apps.calls.models import Call, Decision, Disposition
from apps.contacts.models import Consent, Contact
from apps.core.crypto import blind_index
from apps.core.database.locks import AlreadyRunning, run_exclusively
from apps.core.errors import StorageAway
from apps.notifications.models import Notice
from apps.retention import services
from apps.retention.certificates import certificate
from apps.retention.models import Erasure, PurgeRun
from apps.retention.services import erasures, purging
from tests.conftest import MOMENT
from tests.world import OTHER_PHONE, World

YEAR = timedelta(days=365)


def test_a_contact_goes_when_its_year_is_over(world: World, clock: Any) -> None:
    clock.shift(YEAR - timedelta(seconds=1))
    assert "contact" not in services.purge().counts
    clock.shift(1)
    assert services.purge().counts["contact"] == 1
    assert not Contact.objects.exists()
    assert not Consent.objects.exists()


def test_the_ledger_remembers_by_hash_and_is_append_only(world: World, clock: Any) -> None:
    clock.shift(YEAR)
    run = services.purge()
    erasure = Erasure.objects.get()
    assert [bytes(each) for each in erasure.number_hashes] == [blind_index.ledger_hash("+8613800001234")]
    assert erasure.run == run
    assert erasure.done_at is not None
    for harm in (lambda: Erasure.objects.all().delete(), lambda: Erasure.objects.update(number_hashes=[])):
        with pytest.raises(DatabaseError), transaction.atomic():
            harm()


def test_what_is_not_due_stays(world: World, clock: Any) -> None:
    clock.shift(timedelta(days=1))
    other = world.add_contact(OTHER_PHONE)
    clock.shift(YEAR - timedelta(days=1))
    services.purge()
    assert list(Contact.objects.all()) == [other]


def test_a_contact_in_a_call_is_left_until_the_call_is_over(world: World, clock: Any) -> None:
    Contact.objects.update(expires_at=world.at("10:05"))
    call = world.authorize().call
    assert call is not None
    Call.objects.update(state="answered")
    clock.move_to(world.at("10:06"))
    assert "contact" not in services.purge().counts
    Call.objects.update(state="ended")
    services.purge()
    assert not Contact.objects.exists(), "blocked, for the record of the call"
    clock.shift(timedelta(days=30))
    run = services.purge()
    assert not Contact.everyone.exists()
    assert (run.counts["contact"], certificate(run)["document"]["people_erased"]) == (1, 1)


def test_calls_go_with_their_decisions_and_results(world: World, clock: Any) -> None:
    world.call()
    clock.shift(YEAR)
    counts = services.purge().counts
    assert (counts["contact"], counts["call"]) == (1, 1)
    assert not any(model.objects.exists() for model in (Call, Decision, Disposition))


def test_deleting_the_contact_does_not_reset_the_cap(world: World) -> None:
    world.call()
    Contact.objects.update(expires_at=world.at("10:00"))
    services.purge()
    assert not Contact.objects.exists()
    assert {"erased_contact", "daily_cap"} <= set(world.authorize().codes)


def test_an_opt_out_survives_the_purge(world: World, clock: Any) -> None:
    world.opt_out()
    clock.shift(YEAR)
    services.purge()
    assert "opted_out" in world.authorize().codes


def test_running_again_deletes_nothing_more(world: World, clock: Any) -> None:
    clock.shift(YEAR)
    services.purge()
    assert services.purge().counts == {}
    assert Erasure.objects.count() == 1


def test_a_run_cut_short_is_finished_by_the_next(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        world.add_contact(f"1390000000{number}")
    monkeypatch.setattr(purging, "BATCH", 2)
    clock.shift(YEAR)

    def dies(name: str, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.purge(progress=dies)
    assert Contact.objects.count() == 4
    assert sum(len(erasure.number_hashes) for erasure in Erasure.objects.all()) == 2
    services.purge()
    assert not Contact.objects.exists()
    assert sum(len(erasure.number_hashes) for erasure in Erasure.objects.all()) == 6
    assert list(PurgeRun.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "done"]
    assert [certificate(run)["document"]["people_erased"] for run in PurgeRun.objects.order_by("pk")] == [
        2,
        4,
    ]


def test_what_was_begun_is_not_certified_before_it_is_seen_to_be_gone(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.shift(YEAR)
    with monkeypatch.context() as broken:
        broken.setattr(erasures, "erase_contacts", lambda keys: [])
        run = services.purge()
    assert not run.erasures.filter(done_at__isnull=False)
    assert certificate(run)["document"]["people_erased"] == 0
    assert certificate(services.purge())["document"]["people_erased"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_purge_without_the_ledger_ends_as_failed_and_says_so(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> Any:
        raise StorageAway()

    clock.shift(YEAR)
    monkeypatch.setattr(purging.ledger, "head", away)
    run = services.purge()
    assert (run.state, run.failures["ledger"]) == (PurgeRun.State.FAILED, "StorageAway")
    assert run.signature
    assert Notice.objects.filter(code="purge_failed").exists()


def test_a_number_that_cannot_be_opened_keeps_no_other_person(world: World, clock: Any) -> None:
    """Its contact stays and the run says that it failed; the others go, whatever their keys."""
    for number in range(3):
        world.add_contact(f"1390000000{number}")
    spoilt = Contact.objects.order_by("pk")[1]
    with connection.cursor() as cursor:
        cursor.execute("update contacts_contact set phone = '\\x00' where id = %s", [spoilt.pk])
    clock.shift(YEAR)
    run = services.purge()
    assert list(Contact.everyone.values_list("pk", flat=True)) == [spoilt.pk]
    assert run.counts["contact"] == 3
    assert run.failures["contact"] == "DecryptionFailed"


def test_an_erasure_that_fails_keeps_no_other_from_its_end(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        Erasure.objects.create(number_hashes=[bytes([n]) * 32], contact_ids=[], created_at=MOMENT)
        for n in (1, 2)
    )
    close = erasures.close_erasure

    def closes(erasure: Erasure, run: PurgeRun | None = None) -> bool:
        if erasure.pk == first.pk:
            raise StorageAway()
        return close(erasure, run)

    monkeypatch.setattr(erasures, "close_erasure", closes)
    run = services.purge()
    second.refresh_from_db()
    assert second.done_at is not None
    assert run.failures["erasures"] == "StorageAway"


def test_two_purges_do_not_run_beside_each_other(world: World) -> None:
    with run_exclusively("purge"):
        with pytest.raises(AlreadyRunning):
            services.purge()
        assert not PurgeRun.objects.exists()
    assert services.purge().state == "done"


def purge_command(**options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command("purge", json=True, stdout=out, **options)
    payload: dict[str, Any] = json.loads(out.getvalue())
    return payload


def test_a_dry_run_counts_and_deletes_nothing(world: World) -> None:
    result = purge_command(dry_run=True, at="2028-01-01T00:00:00+08:00")
    assert result["counts"]["contact"] == 1
    assert result["counts"]["call"] == 0
    assert Contact.objects.exists()


def test_nothing_is_deleted_before_its_time(world: World) -> None:
    with pytest.raises(CommandError):
        purge_command(at="2028-01-01T00:00:00+08:00")
    with pytest.raises(CommandError):
        purge_command(at="some day")
    assert purge_command()["counts"] == {}
