"""Backup and restore: whole or not at all, and nobody erased comes back, nobody who said no is forgotten (R9,
R15)."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils.translation import override

from apps.audit import services as audit
from apps.calls.models import Call
from apps.contacts import services as contacts
from apps.contacts.models import Contact, ContactImport, FormerWord, NumberDoubt
from apps.core.crypto import blind_index, encrypted_files, keyring
from apps.core.errors import BadInput
from apps.core.privacy.protected import Protected
from apps.optouts import services as optouts
from apps.optouts.models import OptOut
from apps.quality.models import Recording, Transcript
from apps.retention import archive, databases, ledger, services
from apps.retention.archive import BackupRefused, Secrets, read_head
from apps.retention.backup_places import PlaceAway
from apps.retention.models import Erasure
from apps.retention.services import restoring, writing_ledger
from tests.conftest import S3
from tests.rights.asking import ask, execute, history
from tests.site import free_port
from tests.world import OTHER_PHONE, World

pytestmark = pytest.mark.django_db(transaction=True)
KEYRING = Secrets()
IN_DOUBT = ("13800001111", "13800001112", "13800001113", "13800001114")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def elsewhere(db: None) -> Iterator[str]:
    """A name for an empty database beside the test's own, which takes the restored one."""
    name = f"{connection.settings_dict['NAME']}_elsewhere"
    databases.create(name)
    yield name
    for each in (name, f"{name}_restoring", f"{name}_aside"):
        databases.drop(each)


@pytest.fixture
def backup(world: World, tmp_path: Path) -> Path:
    path = tmp_path / "one.backup"
    services.back_up(path, secrets=KEYRING)
    return path


def restored(path: Path, elsewhere: str, **options: Any) -> Any:
    with databases.working_on(elsewhere):
        return services.restore(path, secrets=options.pop("secrets", KEYRING), **options)


def test_what_was_backed_up_is_there_again(world: World, backup: Path, elsewhere: str) -> None:
    result = restored(backup, elsewhere)
    assert result["opt_outs"] == result["erased"] == 0
    with databases.working_on(elsewhere):
        assert str(Contact.objects.get().phone) == "138****1234"
        assert world.authorize().allowed


def test_files_come_back_and_only_those_that_rows_name(
    world: World, tmp_path: Path, storage: Path, elsewhere: str
) -> None:
    upload = encrypted_files.put(b"a list", folder="uploads")
    orphan = encrypted_files.put(b"nobody's", folder="uploads")
    name_file(world, upload)
    path = tmp_path / "files.backup"
    assert services.back_up(path, secrets=KEYRING)["files"] == [upload]
    shutil.rmtree(storage)
    restored(path, elsewhere)
    assert encrypted_files.get(upload) == b"a list"
    assert not encrypted_files.exists(orphan)


def name_file(world: World, upload: str) -> None:
    """A row that names a file."""
    ContactImport.objects.create(
        source=world.source, file_name="a.csv", upload=upload, started_by=world.people["supervisor"]
    )


def test_a_later_backup_holds_only_the_files_since(
    world: World, tmp_path: Path, storage: Path, elsewhere: str
) -> None:
    first, second = (
        encrypted_files.put(b"one", folder="uploads"),
        encrypted_files.put(b"two", folder="uploads"),
    )
    name_file(world, first)
    whole, later = tmp_path / "whole.backup", tmp_path / "later.backup"
    services.back_up(whole, secrets=KEYRING)
    name_file(world, second)
    made = services.back_up(later, secrets=KEYRING, base=whole)
    assert (made["files"], list(made["files_before"])) == ([second], [first])
    shutil.rmtree(storage)
    with pytest.raises(BackupRefused, match="--base"):
        restored(later, elsewhere)
    restored(later, elsewhere, bases=[whole])
    assert (encrypted_files.get(first), encrypted_files.get(second)) == (b"one", b"two")


def test_who_opted_out_since_is_refused_after_a_restore(world: World, backup: Path, elsewhere: str) -> None:
    world.opt_out()
    result = restored(backup, elsewhere)
    assert result["opt_outs"] == 1
    with databases.working_on(elsewhere):
        assert "opted_out" in world.authorize().codes


def test_an_opt_out_outlives_the_contact_and_the_restore(
    world: World, backup: Path, elsewhere: str, clock: Any
) -> None:
    world.opt_out()
    Contact.objects.update(expires_at=world.at("10:00"))
    services.purge(pause=0)
    assert not Contact.objects.exists()
    restored(backup, elsewhere)
    with databases.working_on(elsewhere):
        assert not Contact.objects.exists()
        world.add_contact("13800001234")
        assert "opted_out" in world.authorize().codes


def test_ids_that_were_given_out_after_the_backup_are_not_given_again(
    world: World, backup: Path, elsewhere: str
) -> None:
    lost = world.add_contact(OTHER_PHONE)
    optouts.record_opt_out(phone=f"+86{OTHER_PHONE}", channel="key", evidence="call:9", contact_id=lost.pk)
    restored(backup, elsewhere)
    with databases.working_on(elsewhere):
        assert OptOut.objects.get().contact_id is None  # nobody here is meant by it
        assert world.add_contact("13700000001").pk > lost.pk + 1000


def test_who_was_erased_since_stays_erased(world: World, backup: Path, elsewhere: str) -> None:
    other = world.add_contact(OTHER_PHONE)
    path = backup.with_name("two.backup")
    services.back_up(path, secrets=KEYRING)
    Contact.objects.filter(pk=other.pk).update(expires_at=world.at("10:00"))
    services.purge(pause=0)
    assert restored(path, elsewhere)["erased"] == 1
    with databases.working_on(elsewhere):
        assert list(Contact.objects.values_list("pk", flat=True)) == [world.contact.pk]
        assert Erasure.objects.get().number_hashes == [blind_index.ledger_hash(f"+86{OTHER_PHONE}")]


def test_who_had_everything_erased_since_has_nothing_here_again(
    world: World, tmp_path: Path, storage: Path, elsewhere: str
) -> None:
    """R20: calls, recordings and transcripts of a person who asked for it, not only the contact."""
    history(world)
    path = tmp_path / "whole.backup"
    services.back_up(path, secrets=KEYRING)
    execute(world, ask(world))
    restored(path, elsewhere)
    with databases.working_on(elsewhere):
        for model in (Contact, Call, Recording, Transcript):
            assert not model.objects.exists(), model


def test_who_came_back_after_an_erasure_stays(
    world: World, tmp_path: Path, elsewhere: str, clock: Any
) -> None:
    Contact.objects.update(expires_at=world.at("10:00"))
    services.purge(pause=0)
    clock.shift(60)
    world.add_contact("13800001234")
    path = tmp_path / "later.backup"
    services.back_up(path, secrets=KEYRING)
    restored(path, elsewhere)
    with databases.working_on(elsewhere):
        assert Contact.objects.count() == 1


def test_an_erasure_that_a_crash_cut_short_is_finished_by_the_restore(
    world: World, backup: Path, elsewhere: str
) -> None:
    services.begin_erasure([(world.contact.pk, world.contact.phone)])
    assert restored(backup, elsewhere)["erased"] == 1
    with databases.working_on(elsewhere):
        assert not Contact.objects.exists()


def test_readers_of_the_feed_miss_nothing_of_what_was_replayed(
    world: World, backup: Path, elsewhere: str
) -> None:
    world.opt_out()
    optouts.record_opt_out(phone=f"+86{OTHER_PHONE}", channel="api", evidence="later")
    seen = optouts.changes(client=world.client, after=0)[-1].position
    restored(backup, elsewhere)
    with databases.working_on(elsewhere):
        assert {row.kind for row in optouts.changes(client=world.client, after=seen)} == {"refused"}
        assert len(optouts.changes(client=world.client, after=seen)) == 2


def test_a_restore_goes_into_an_empty_system_only(world: World, backup: Path) -> None:
    with pytest.raises(BackupRefused, match="not empty"):
        services.restore(backup, secrets=KEYRING)
    assert Contact.objects.count() == 1


def test_it_opens_with_its_passphrase_alone(
    world: World, tmp_path: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(archive.SCRYPT, "n", 2**10)
    path = tmp_path / "p.backup"
    services.back_up(path, secrets=Secrets(passphrase=b"correct horse battery"))
    for wrong in (KEYRING, Secrets(passphrase=b"wrong horse battery"), Secrets(key=b"k" * 32)):
        with pytest.raises(BackupRefused, match="does not open"):
            restored(path, elsewhere, secrets=wrong)
    restored(path, elsewhere, secrets=Secrets(passphrase=b"correct horse battery"))


def test_a_keyring_that_cannot_read_it_is_refused_before_anything_is_touched(
    world: World, tmp_path: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "k.backup"
    services.back_up(path, secrets=Secrets(key=b"k" * 32))
    monkeypatch.setattr(settings, "HEGUI_KEYRING", keyring.generate())
    with pytest.raises(BackupRefused, match="fields k1"):
        restored(path, elsewhere, secrets=Secrets(key=b"k" * 32))


def test_a_changed_byte_is_refused_before_anything_is_touched(backup: Path, elsewhere: str) -> None:
    harmed = bytearray(backup.read_bytes())
    harmed[-20] ^= 1
    backup.write_bytes(harmed)
    with pytest.raises(BackupRefused):
        restored(backup, elsewhere)
    with databases.working_on(elsewhere), connection.cursor() as cursor:
        assert connection.introspection.table_names(cursor) == []


def test_the_ledger_has_to_be_there(world: World, elsewhere: str, tmp_path: Path) -> None:
    world.opt_out()
    path = tmp_path / "late.backup"
    services.back_up(path, secrets=KEYRING)
    kept = shutil.move(settings.HEGUI_LEDGER, tmp_path / "kept")
    with pytest.raises(BackupRefused, match="--ledger"):
        restored(path, elsewhere)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "ledger.jsonl").write_bytes(b"")
    with pytest.raises(BackupRefused, match="not that of"):
        restored(path, elsewhere, ledger_folder=tmp_path / "other")
    restored(path, elsewhere, ledger_folder=Path(kept))
    assert ledger.ledger_file().exists()


def test_a_ledger_that_began_after_the_backup_has_to_be_there_too(
    world: World, backup: Path, elsewhere: str, tmp_path: Path
) -> None:
    world.opt_out()
    kept = shutil.move(settings.HEGUI_LEDGER, tmp_path / "kept")
    with pytest.raises(BackupRefused, match="--ledger"):
        restored(backup, elsewhere)
    assert restored(backup, elsewhere, ledger_folder=Path(kept))["opt_outs"] == 1


def test_a_changed_ledger_is_refused(world: World, backup: Path, elsewhere: str) -> None:
    world.opt_out()
    path = ledger.ledger_file()
    mac, body = path.read_text().splitlines()[0].split(" ", 1)
    line = json.loads(body)
    line["facts"]["number_hash"] = "00" * 32
    path.write_text(f"{mac} {json.dumps(line)}\n")
    with pytest.raises(ledger.LedgerBroken, match="line 1"):
        restored(backup, elsewhere)


def test_nothing_is_readable_in_the_file(world: World, backup: Path) -> None:
    content = backup.read_bytes()
    for text in ("13800001234", "138****1234", world.campaign.code, "manifest"):
        assert text.encode() not in content
    with backup.open("rb") as file:
        assert set(read_head(file)[0]) == {"id", "made_at", "base", "slots"}


def test_a_backup_is_never_overwritten_and_leaves_no_half_file(
    world: World, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BackupRefused, match="never overwritten"):
        services.back_up(backup, secrets=KEYRING)
    name_file(world, encrypted_files.put(b"a list", folder="uploads"))
    monkeypatch.setattr(default_storage, "exists", dies)
    folder = backup.parent / "half"
    with pytest.raises(KeyboardInterrupt):
        services.back_up(folder / "half.backup", secrets=KEYRING)
    assert list(folder.iterdir()) == []


def dies(name: str) -> bool:
    raise KeyboardInterrupt


def test_a_restore_cut_short_leaves_the_system_empty_and_the_next_one_works(
    world: World, backup: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "purge", lambda **options: dies(""))
        with pytest.raises(KeyboardInterrupt):
            restored(backup, elsewhere)
    with databases.working_on(elsewhere), connection.cursor() as cursor:
        assert connection.introspection.table_names(cursor) == []
    restored(backup, elsewhere)
    with databases.working_on(elsewhere):
        assert Contact.objects.count() == 1


def test_no_restore_forgets_what_people_said_since(
    world: World, backup: Path, elsewhere: str, clock: Any
) -> None:
    """A withdrawal, a minor, somebody who asked to be deleted since the backup: known from the ledger."""
    other, third = world.add_contact(OTHER_PHONE), "13700001777"
    clock.shift(timedelta(minutes=5))
    contacts.withdraw_consents(contact=world.contact, how="电话")
    contacts.flag_minor(actor=world.people["agent"], contact=world.contact, reason="自称十五岁")
    contacts.withdraw_consents(contact=other, how="电话", purpose=world.purpose)
    with transaction.atomic():
        contacts.note_withdrawal(blind_index.number_index(Protected("+86" + third, "phone")))
    assert writing_ledger.write_register() == 4
    assert writing_ledger.write_register() == 0
    restored(backup, elsewhere)
    with databases.working_on(elsewhere):
        again = Contact.objects.get(pk=world.contact.pk)
        assert again.is_minor
        assert not again.consents.filter(withdrawn_at=None).exists()
        words = FormerWord.objects.filter(is_minor=False).values_list("purpose__code", flat=True)
        assert sorted(words, key=str) == [None, None, world.purpose.code]


def test_no_restore_forgets_a_number_in_doubt(
    world: World, tmp_path: Path, elsewhere: str, clock: Any
) -> None:
    """Doubts raised and decided since the backup. What somebody decided who came after it, is decided
    again."""
    numbers = [blind_index.number_index(Protected("+86" + each, "phone")) for each in IN_DOUBT]
    known, fresh, ended, by_newcomer = numbers
    for index in (known, by_newcomer):
        raise_doubt(world, index)
    path = tmp_path / "doubts.backup"
    services.back_up(path, secrets=KEYRING)
    clock.shift(timedelta(minutes=5))
    contacts.keep_consent(
        actor=world.people["compliance"], doubt=raise_doubt(world, known), reason="回访", evidence="录音 7"
    )
    raise_doubt(world, fresh)
    assert writing_ledger.write_register() == 2, "one of before the backup, decided since"
    contacts.end_consent(actor=world.people["compliance"], doubt=raise_doubt(world, ended), reason="机主来电")
    newcomer = world.person("compliance3", role="compliance")
    contacts.end_consent(actor=newcomer, doubt=raise_doubt(world, by_newcomer), reason="机主来电")
    assert writing_ledger.write_register() == 2
    restored(path, elsewhere)
    with databases.working_on(elsewhere):
        found = {bytes(doubt.number_index): doubt.state for doubt in NumberDoubt.objects.all()}
        assert found == {known: "kept", fresh: "open", ended: "ended", by_newcomer: "open"}


def raise_doubt(world: World, index: bytes) -> NumberDoubt:
    return contacts.raise_doubt(
        number_index=index, origin="person", reference="来电记录", actor=world.people["agent"]
    )


def test_the_register_has_no_entry_twice_after_a_restore(
    world: World, tmp_path: Path, elsewhere: str
) -> None:
    world.opt_out()
    path = tmp_path / "late.backup"
    services.back_up(path, secrets=KEYRING)
    assert restored(path, elsewhere)["opt_outs"] == 0
    with databases.working_on(elsewhere):
        assert OptOut.objects.count() == 1


# -- the trail


def test_the_restored_trail_is_as_it_was_signed_and_its_tree_heads_go_on(
    world: World, tmp_path: Path, elsewhere: str
) -> None:
    audit.sign_trail()
    path = tmp_path / "one.backup"
    services.back_up(path, secrets=KEYRING)
    world.opt_out()
    world.authorize()
    audit.sign_trail()  # what was signed after the backup is lost with it
    assert restored(path, elsewhere)["trail_findings"] == 0
    with databases.working_on(elsewhere):
        world.authorize()
        audit.sign_trail()
        report = audit.verify_trail()
        assert (report.count, report.lost_by_restore > 0) == (0, True)
        assert set(report.unsigned.values()) == {0}


def test_a_restored_trail_that_was_changed_before_the_backup_is_reported(
    world: World, tmp_path: Path, elsewhere: str
) -> None:
    audit.sign_trail()
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("delete from auditlog_logentry where id = (select min(id) from auditlog_logentry)")
        cursor.execute("set session_replication_role = origin")
    path = tmp_path / "one.backup"
    services.back_up(path, secrets=KEYRING)
    assert restored(path, elsewhere)["trail_findings"] == 1


# -- a bucket


def test_a_backup_goes_to_a_bucket_and_comes_back_from_it(
    world: World, s3: S3, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.retention.backup_places.PART", 5 * 1024 * 1024)
    upload = encrypted_files.put(os.urandom(12 * 1024 * 1024), folder="uploads")
    name_file(world, upload)
    manifest = services.back_up(s3.address("nightly/one.backup"), secrets=KEYRING)
    assert s3.names() == ["nightly/one.backup"]
    assert manifest["size"] > 12 * 1024 * 1024
    later = services.back_up(
        s3.address("nightly/two.backup"), secrets=KEYRING, base=s3.address("nightly/one.backup")
    )
    assert (later["files"], list(later["files_before"])) == ([], [upload])
    with pytest.raises(BackupRefused, match="never overwritten"):
        services.back_up(s3.address("nightly/one.backup"), secrets=KEYRING)
    default_storage.delete(upload)
    result = restored(s3.address("nightly/two.backup"), elsewhere, bases=[s3.address("nightly/one.backup")])
    assert result["erased"] == 0
    assert default_storage.exists(upload)


def test_a_backup_in_a_bucket_that_was_changed_or_is_gone_is_refused(
    world: World, s3: S3, elsewhere: str
) -> None:
    services.back_up(s3.address("one.backup"), secrets=KEYRING)
    encrypted = s3.client.get_object(Bucket="hegui", Key="one.backup")["Body"].read()
    s3.client.put_object(
        Bucket="hegui",
        Key="one.backup",
        Body=encrypted[:-100] + bytes([encrypted[-100] ^ 1]) + encrypted[-99:],
    )
    with pytest.raises(BackupRefused, match="damaged or was changed"):
        restored(s3.address("one.backup"), elsewhere)
    with pytest.raises(FileNotFoundError):
        restored(s3.address("none.backup"), elsewhere)


def test_a_backup_that_fails_leaves_nothing_in_the_bucket(
    world: World, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("apps.retention.archive.Archive.add_pieces", fail)
    with pytest.raises(OSError, match="No space"):
        services.back_up(s3.address("one.backup"), secrets=KEYRING)
    assert s3.names() == []
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket="hegui")


def test_a_bucket_that_is_away_is_a_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(PlaceAway):
        services.back_up(
            f"s3://hegui/one.backup?endpoint=http://127.0.0.1:{free_port()}&region=us-east-1", secrets=KEYRING
        )
    with pytest.raises(BadInput, match="does not know"):
        services.back_up("s3://hegui/one.backup?secret=x", secrets=KEYRING)
