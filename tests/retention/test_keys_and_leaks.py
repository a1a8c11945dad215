"""Keys turn while the site reads and writes; nothing stands in clear; the keyring can be put together
again."""

import base64
import itertools
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.audit import services as audit
from apps.audit.models import TreeHead
from apps.contacts.models import Contact, ContactImport
from apps.core.calendar.clock import now
from apps.core.crypto import encrypted_files, keyring
from apps.core.errors import BadInput, DecryptionFailed, KeyringError
from apps.core.privacy.protected import clear_for_machine
from apps.jobs.services import delete_discarded
from apps.notifications.models import Notice
from apps.optouts.models import Change, OptOut
from apps.optouts.services import KeyGone, make_link, use_link
from apps.retention import services
from apps.retention.models import BackupRun
from apps.retention.services.erasures import people_left
from tests.retention.rotating import rotate
from tests.world import PHONE, World


def test_everything_is_encrypted_under_the_new_key(world: World, ring: Path) -> None:
    name = encrypted_files.put(b"a list", folder="uploads")
    before = keyring.keys("fields").current_id
    result = rotate()
    assert result["files"] == 1
    assert result["values"] >= 2
    assert keyring.keys("fields").current_id != before
    assert services.count_waiting() == {}
    with connection.cursor() as cursor:
        cursor.execute("select substring(phone from 3 for 2) from contacts_contact")
        assert bytes(cursor.fetchone()[0]).decode() == keyring.keys("fields").current_id
    assert clear_for_machine(Contact.objects.get().phone) == f"+86{PHONE}"
    assert encrypted_files.get(name) == b"a list"


def test_a_run_that_was_cut_short_goes_on_without_another_key(world: World, ring: Path) -> None:
    keyring.change_file(ring, lambda text: keyring.with_new_key(text, "fields"))
    keyring.reload()
    current = keyring.keys("fields").current_id
    rotate()
    assert keyring.keys("fields").current_id == current
    assert services.count_waiting() == {}


def test_a_process_that_knows_only_the_old_key_reads_what_is_under_the_new_one(
    world: World, ring: Path
) -> None:
    keyring.reload()
    other, keyring._ring = keyring._ring, keyring._Ring()  # another process, which has not looked since
    keyring.change_file(ring, lambda text: keyring.with_new_key(text, "fields"))
    Contact.objects.update(name="李四")
    keyring._ring = other
    assert str(Contact.objects.get().name) == "李*"


def test_an_old_key_goes_only_when_nothing_needs_it(world: World, ring: Path) -> None:
    keyring.change_file(ring, lambda text: keyring.with_new_key(text, "fields"))
    keyring.reload()
    old = next(name for name in keyring.keys("fields").by_id if name != keyring.keys("fields").current_id)
    with pytest.raises(BadInput, match="rotate_keys"):
        services.retire_key(purpose="fields", key_id=old)
    rotate()
    run = BackupRun.objects.create(
        kind="backup", state="done", name="one.backup", facts={"keys": {"fields": [old]}}
    )
    with pytest.raises(BadInput, match=r"one\.backup"):
        services.retire_key(purpose="fields", key_id=old)
    run.deleted_at = run.created_at
    run.save()
    services.retire_key(purpose="fields", key_id=old)
    assert old not in keyring.keys("fields").by_id
    assert (ring.with_name("keyring.json.before")).exists()
    for purpose, key_id in (
        ("fields", keyring.keys("fields").current_id),
        ("index", "k1"),
        ("register", keyring.keys("register").current_id),
    ):
        world.opt_out()
        with pytest.raises((BadInput, KeyringError)):
            services.retire_key(purpose=purpose, key_id=key_id)


def test_a_keyring_from_the_environment_is_turned_by_hand(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        django_settings, "HEGUI_KEYRING", keyring.read_private_file(django_settings.HEGUI_KEYRING_FILE)
    )
    with pytest.raises(KeyringError, match="环境变量"):
        rotate()
    monkeypatch.setattr(
        django_settings, "HEGUI_KEYRING", keyring.with_new_key(django_settings.HEGUI_KEYRING, "fields")
    )
    assert rotate()["values"] >= 2


def test_last_digits_are_found_before_while_and_after_their_key_turns(
    world: World, ring: Path, browse: Callable[[str], Client]
) -> None:
    others = [world.add_contact(f"1390000{number:04}") for number in range(3)]
    officer = browse("compliance")

    def found() -> set[str]:
        shown = officer.post(reverse("contact_search"), {"number": PHONE[-4:]}).content.decode()
        return {
            contact.public_id
            for contact in (world.contact, *others)
            if f"/contacts/{contact.public_id}/" in shown
        }

    before = bytes(Contact.objects.get(pk=world.contact.pk).last4_index)
    assert found() == {world.contact.public_id}
    keyring.change_file(ring, lambda text: keyring.with_new_key(text, "last4"))
    keyring.reload()
    assert found() == {world.contact.public_id}
    assert services.count_waiting()["last4"] == 4
    assert rotate()["last4"] == 4
    assert found() == {world.contact.public_id}
    assert bytes(Contact.objects.get(pk=world.contact.pk).last4_index) not in {before, b""}
    old = next(name for name in keyring.keys("last4").by_id if name != keyring.keys("last4").current_id)
    services.retire_key(purpose="last4", key_id=old)
    assert found() == {world.contact.public_id}


def test_who_was_erased_under_an_older_key_of_the_ledger_stays_erased(world: World, ring: Path) -> None:
    erasure = services.begin_erasure([(world.contact.pk, world.contact.phone)])
    services.add_keys(["ledger", "seal", "register"])
    assert people_left(erasure) == [world.contact.pk]
    world.opt_out()
    with pytest.raises(BadInput):
        services.retire_key(purpose="ledger", key_id=min(keyring.keys("ledger").by_id))
    with pytest.raises(BadInput):
        services.add_keys(["index"])
    with pytest.raises(BadInput):
        services.retire_key(purpose="index", key_id=min(keyring.keys("index").by_id))


def test_the_trail_is_verified_under_older_keys_of_its_tree_heads(world: World, ring: Path) -> None:
    audit.sign_trail()
    services.add_keys(["seal"])
    world.opt_out()
    world.authorize()
    audit.sign_trail()
    assert TreeHead.objects.values("key").distinct().count() == 2
    assert audit.verify_trail().count == 0


@pytest.mark.django_db(transaction=True)
def test_nobody_fails_to_read_or_write_while_keys_turn(world: World, ring: Path) -> None:
    for number in range(30):
        world.add_contact(f"1390000{number:04}")
    over, failed, reads = threading.Event(), list[str](), itertools.count()

    def live() -> None:
        try:
            while not over.is_set():
                for contact in Contact.objects.all():
                    clear_for_machine(contact.phone)
                Contact.objects.filter(pk=world.contact.pk).update(name="王小明")
                next(reads)
        except (DecryptionFailed, KeyringError) as error:
            failed.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=live) for _place in range(3)]
    for thread in threads:
        thread.start()
    for _round in range(3):
        rotate()
    over.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert next(reads) > 3
    assert services.count_waiting() == {}


# -- leaks


@pytest.mark.django_db(transaction=True)
def test_what_is_encrypted_leaks_nothing(world: World, tmp_path: Path) -> None:
    encrypted_files.put(f"phone\n{PHONE}\n王小明\n".encode(), folder="uploads")
    services.back_up(Path(django_settings.HEGUI_BACKUPS) / "one.backup", secrets=services.secrets_of_site())
    places = [django_settings.MEDIA_ROOT, Path(django_settings.HEGUI_BACKUPS), django_settings.HEGUI_LEDGER]
    assert services.leak_scan(places) == {}


@pytest.mark.parametrize(
    "text",
    [PHONE, f"+86{PHONE}", "王小明", PHONE.encode().hex(), "王小明".encode().hex(), f"x{'a' * 300}{PHONE}"],
)
def test_a_number_or_a_name_in_clear_is_found_in_every_form(world: World, tmp_path: Path, text: str) -> None:
    path = tmp_path / "some.log"
    path.write_text(f"called {text}.\n")
    assert sum(services.leak_scan([path])[str(path)].values()) == 1


def test_a_number_across_two_pieces_is_found_once(world: World) -> None:
    search = services.Search()
    whole = b"a" * 1000 + PHONE.encode() + b" " + b"b" * 1000 + PHONE.encode()
    for at in range(990, 1015):
        assert search.count([whole[:at], whole[at:]]) == {"numbers": 2}


def test_numbers_of_nobody_and_parts_of_longer_ones_are_no_leak(world: World, tmp_path: Path) -> None:
    path = tmp_path / "some.log"
    path.write_text(f"13999999999 9{PHONE} {PHONE}7 2026112410000013800")
    assert services.leak_scan([path]) == {}


@pytest.mark.django_db(transaction=True)
def test_the_stored_database_and_redis_hold_nothing_in_clear(world: World, settings: Any) -> None:
    settings.HEGUI_HOME = settings.MEDIA_ROOT
    assert services.leak_scan() == {}


def test_the_command_refuses_when_something_leaks(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "some.log"
    path.write_text(PHONE)
    with pytest.raises(SystemExit) as ended:
        call_command("leak_scan", str(path))
    assert ended.value.code == 3
    assert PHONE not in capsys.readouterr().err


# -- the break-glass copy


def test_enough_shares_open_the_keyring_again() -> None:
    encrypted, shares = services.split_keyring(shares=4, needed=3)
    text = keyring.read_private_file(django_settings.HEGUI_KEYRING_FILE)
    for chosen in itertools.combinations(shares, 3):
        assert services.join_keyring(encrypted=encrypted, shares=chosen) == text
    for wrong in (shares[:2], [], ["these are no words"], [shares[0]] * 3):
        with pytest.raises(KeyringError):
            services.join_keyring(encrypted=encrypted, shares=wrong)


def test_a_changed_copy_and_foreign_shares_do_not_open() -> None:
    encrypted, shares = services.split_keyring(shares=2, needed=2)
    _other, foreign = services.split_keyring(shares=2, needed=2)
    key = base64.b64encode(keyring.keys("fields").current).decode()
    assert key not in encrypted
    with pytest.raises(KeyringError):
        services.join_keyring(encrypted=encrypted, shares=foreign)
    with pytest.raises(KeyringError):
        services.join_keyring(
            encrypted=encrypted.replace('"encrypted": "', '"encrypted": "00'), shares=shares
        )


@pytest.mark.parametrize(("shares", "needed"), [(1, 1), (3, 1), (2, 3), (17, 2)])
def test_shares_make_sense(shares: int, needed: int) -> None:
    with pytest.raises(BadInput):
        services.split_keyring(shares=shares, needed=needed)


# -- consistency


def stored_long_ago(path: Path) -> None:
    os.utime(path, (0, 0))


def test_all_is_well(world: World) -> None:
    world.call()
    world.opt_out()
    services.write_register()
    assert services.check_consistency() == {}


def test_what_does_not_belong_together_is_named(world: World, storage: Path, clock: Any) -> None:
    ContactImport.objects.create(
        source=world.source, file_name="a.csv", upload="uploads/gone", started_by=world.people["supervisor"]
    )
    orphan = encrypted_files.put(b"x", folder="uploads")
    Contact.objects.update(number_index=b"0" * 32)
    world.opt_out()
    Change.objects.update(created_at=now())
    stored_long_ago(storage / orphan)
    clock.shift(7200)
    found = services.check_consistency()
    assert found == {
        "rows_without_files": ["uploads/gone"],
        "files_without_rows": [orphan],
        "dangling_hashes": [world.contact.public_id],
        "ledger_behind": 1,
    }


def test_files_that_nobody_names_are_repaired_away(world: World, storage: Path) -> None:
    orphan = encrypted_files.put(b"x", folder="uploads")
    assert services.check_consistency() == {}  # it may be on its way
    stored_long_ago(storage / orphan)
    services.check_consistency(repair=True)
    delete_discarded()
    assert not encrypted_files.exists(orphan)


def test_a_key_of_the_register_stays_while_a_link_in_a_letter_was_made_with_it(
    world: World, ring: Path
) -> None:
    services.add_keys(["register"])
    second = keyring.keys("register").current_id
    word = make_link(phone=f"+86{PHONE}")
    services.add_keys(["register"])
    with pytest.raises(BadInput, match=r"optouts\.Link"):
        services.retire_key(purpose="register", key_id=second)
    use_link(word=word)
    assert "opted_out" in world.authorize(reserve=False).codes


def test_a_refusal_under_a_key_that_is_gone_is_said_and_not_stored_where_nobody_asks(
    world: World, ring: Path
) -> None:
    services.add_keys(["register"])
    word = make_link(phone=f"+86{PHONE}")
    gone = keyring.keys("register").current_id
    services.add_keys(["register"])
    keyring.change_file(ring, lambda text: keyring.without_key(text, "register", gone))
    keyring.reload()
    with pytest.raises(KeyGone):
        use_link(word=word)
    assert not OptOut.objects.exists()


def test_the_first_key_is_named_in_the_keyring_and_is_never_taken_away_where_others_are_derived_from_it(
    ring: Path,
) -> None:
    text = keyring.read_private_file(ring)
    for _each in range(10):
        text = keyring.with_new_key(text, "register")
    assert keyring.parse(text)["register"].first_id == "k1", "not k10, which sorts before k2"
    with pytest.raises(KeyringError, match="first key"):
        keyring.without_key(text, "register", "k1")
    with pytest.raises(KeyringError, match="first key"):
        keyring.parse(text.replace('"first": "k1"', '"first": "k99"'))


def test_what_the_nightly_check_cannot_repair_is_said(world: World, storage: Path) -> None:
    orphan = encrypted_files.put(b"x", folder="uploads")
    stored_long_ago(storage / orphan)
    assert services.watch_consistency(), "what it repaired needs nobody"
    assert not Notice.objects.filter(code="not_consistent").exists()
    ContactImport.objects.create(
        source=world.source, file_name="a.csv", upload="uploads/gone", started_by=world.people["supervisor"]
    )
    assert not services.watch_consistency()
    assert {notice.recipient.role for notice in Notice.objects.filter(code="not_consistent")} == {"admin"}
