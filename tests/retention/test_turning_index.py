"""The key by which numbers are found turns: every row comes along, also one whose number nobody knows; nobody
is found by the old one."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils.translation import override

from apps.calls.models import Call
from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.core.crypto import blind_index, keyring
from apps.core.errors import BadInput, KeyringError
from apps.optouts.models import Code
from apps.quality.models import Complaint
from apps.retention import databases, services
from apps.retention.models import IndexTurn
from apps.retention.services import rotating_index
from apps.rights.models import SubjectRequest
from apps.rights.ports import erasing
from tests.world import PHONE, World

NUMBER = f"+86{PHONE}"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


def test_everything_is_found_under_the_new_key_alone(world: World, ring: Path) -> None:
    before = blind_index.number_index(NUMBER)
    world.call()
    assert services.turn_index() >= 2
    after = blind_index.number_index(NUMBER)
    assert after != before
    assert blind_index.index_keys() == ("k1", "k2")
    assert bytes(Contact.objects.get().number_index) == bytes(Call.objects.get().number_index) == after
    assert services.check_consistency() == {}
    assert "daily_cap" in world.authorize().codes


def test_calls_of_somebody_who_is_gone_still_count(world: World, ring: Path) -> None:
    call = world.call()
    Call.objects.filter(pk=call.pk).update(contact=None)
    Contact.objects.all().delete()
    services.turn_index()
    world.add_contact(PHONE)
    assert "daily_cap" in world.authorize().codes


def test_it_turns_again_and_again(world: World, ring: Path) -> None:
    for _turn in range(3):
        services.turn_index()
    assert blind_index.index_keys() == ("k1", "k2", "k3", "k4")
    assert world.authorize().allowed
    assert services.check_consistency() == {}


def test_every_table_with_such_hashes_is_turned(world: World) -> None:
    """A table that is added with a hash of another name would be forgotten."""
    turned = {model for model, _column in rotating_index._places()}
    assert {Contact, Call, Code, Complaint, SubjectRequest} < turned
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name || '.' || column_name from information_schema.columns"
            " where table_schema = 'public' and data_type = 'bytea' and column_name ~ '(index|digest)$'"
        )
        found = {name for (name,) in cursor.fetchall()}
    others = {
        "contacts_contact.last4_index",  # turns by a table of its own
        "quality_transcript.digest",  # of a text
        "optouts_scrub.request_digest",  # of a request, under the secret of the site
        "calls_decision.request_digest",  # signed with its decision; a retry across a turn is refused
    }
    assert found - others == {
        f"{model._meta.db_table}.{column}" for model, column in rotating_index._places()
    }


def test_a_number_is_still_there_once_when_it_comes_again(world: World, ring: Path) -> None:
    services.turn_index()
    content = f"手机号,姓名\n{PHONE},王小明\n".encode()
    done = contacts.import_now(
        actor=world.people["supervisor"], source=world.source, file_name="a.csv", file=io.BytesIO(content)
    )
    assert done.counts == {"accepted": 1}
    assert Contact.objects.count() == 1


def test_cut_short_nothing_has_happened_and_the_next_run_makes_no_other_key(
    world: World, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.call()

    def dies(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.turn_index(progress=dies)
    assert blind_index.index_keys() == ("k1",)
    assert list(keyring.keys("index").by_id) == ["k1", "k2"]
    assert not IndexTurn.objects.exists()
    assert "daily_cap" in world.authorize().codes
    services.turn_index()
    assert blind_index.index_keys() == ("k1", "k2")
    assert "daily_cap" in world.authorize().codes


def test_a_keyring_from_the_environment_gets_its_key_by_hand(world: World, ring: Path, settings: Any) -> None:
    settings.HEGUI_KEYRING = ring.read_text()
    with pytest.raises(KeyringError, match="add a key of index"):
        services.turn_index()
    settings.HEGUI_KEYRING = keyring.with_new_key(ring.read_text(), "index")
    services.turn_index()
    assert blind_index.index_keys() == ("k1", "k2")
    assert world.authorize().allowed


def test_what_went_through_other_keys_is_not_brought_on(ring: Path) -> None:
    keyring.change_file(ring, lambda text: keyring.with_new_key(text, "index"))
    keyring.reload()
    with pytest.raises(KeyringError, match="other keys"):
        blind_index.brought_on(["k2"], ["k1", "k2"])
    with pytest.raises(KeyringError, match='lacks the key "k3"'):
        blind_index.brought_on(["k1"], ["k1", "k3"])


# -- beside others


@pytest.mark.django_db(transaction=True)
def test_nothing_turns_while_the_site_runs(world: World, ring: Path) -> None:
    other = connection.copy()
    other.ensure_connection()
    try:
        with pytest.raises(BadInput, match=r"stop the site first \(1 connections\)"):
            services.turn_index()
    finally:
        other.close()
    assert list(keyring.keys("index").by_id) == ["k1"]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_opens_meanwhile_waits_and_then_finds_everybody(world: World, ring: Path) -> None:
    begun, seen = threading.Event(), list[Any]()

    def comes() -> None:
        begun.wait(10)
        # it was hashed before
        seen.append(Contact.objects.filter(number_index=blind_index.number_index(NUMBER)).count())
        seen.append(Contact.objects.filter(number_index=blind_index.number_index(NUMBER)).count())
        seen.append(blind_index.index_keys())
        connection.close()

    somebody = threading.Thread(target=comes)
    somebody.start()
    services.turn_index(progress=lambda done, total: begun.set())
    somebody.join()
    assert seen[1:] == [1, ("k1", "k2")]


@pytest.mark.django_db(transaction=True)
def test_each_connection_reads_what_its_database_stands_under(
    world: World, ring: Path, settings: Any
) -> None:
    services.turn_index()
    connection.close()
    blind_index.stand_under(())
    assert Contact.objects.count() == 1
    assert blind_index.index_keys() == ("k1", "k2")
    with connection._nodb_cursor() as maintenance:
        maintenance.execute("select 1")
    assert blind_index.index_keys() == ("k1", "k2"), "the maintenance database says nothing of numbers"
    # as a process that was started with another keyring
    more = keyring.with_new_key(ring.read_text(), "index")
    settings.HEGUI_KEYRING = keyring.without_key(more, "index", "k2")
    with pytest.raises(KeyringError, match='lacks the key "k2"'):
        blind_index.number_index(NUMBER)


@pytest.mark.django_db(transaction=True)
def test_a_backup_from_before_is_brought_under_the_new_key(world: World, ring: Path, tmp_path: Path) -> None:
    """Who was erased since, before the turn and after it, has nothing there again; who called still
    counts."""
    world.call()
    early, late = "13900000001", "13900000002"
    for phone in (early, late):
        world.add_contact(phone)
    path, name = tmp_path / "before.backup", f"{connection.settings_dict['NAME']}_elsewhere"
    services.back_up(path, secrets=services.secrets_of_site())
    erasing.provider.erase(
        number_index=blind_index.number_index(f"+86{early}"), phone=None, reason="request:1"
    )
    services.turn_index()
    erasing.provider.erase(
        number_index=blind_index.number_index(f"+86{late}"), phone=None, reason="request:2"
    )
    databases.create(name)
    try:
        with databases.working_on(name):
            services.restore(path, secrets=services.secrets_of_site())
        with databases.working_on(name):
            assert IndexTurn.objects.get().key_ids == ["k1", "k2"]
            assert [str(each.phone) for each in Contact.objects.all()] == ["138****1234"]
            assert "daily_cap" in world.authorize().codes
            assert services.check_consistency() == {}
    finally:
        for each in (name, f"{name}_restoring", f"{name}_aside"):
            databases.drop(each)


def test_the_command_says_how_many(
    world: World, ring: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.retention.services.rotating_keys.time.sleep", lambda seconds: None)
    call_command("rotate_keys", "--also", "index", "ledger")
    assert "1 hashes of numbers went under a new one" in capsys.readouterr().out
    assert len(keyring.keys("ledger").by_id) == 2
