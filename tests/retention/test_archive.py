"""The file of a backup: opens for whom it was made, whole or not at all."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils.translation import override

from apps.core.errors import KeyringError
from apps.retention import archive
from apps.retention.archive import BackupRefused, Secrets, read_archive, verify_archive, writing

KEYRING = Secrets()
HEAD = {"id": "one", "made_at": "2026-11-24T10:00:00+08:00", "base": ""}


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(archive.SCRYPT, "n", 2**10)
    monkeypatch.setattr(archive, "CHUNK", 1000)
    monkeypatch.setattr(archive, "PIECE", 700)
    with override("en"):
        yield


def made(path: Path, *, secrets: Secrets = KEYRING, **head: str) -> Path:
    with writing(path, head=HEAD | head, secrets=secrets) as into:
        into.add("manifest.json", b'{"id": "one"}')
        into.add_pieces("database", io.BytesIO(b"d" * 2_000))
        into.add_file("files/uploads/x", io.BytesIO(b"f" * 3_000), 3_000)
    return path


def members(path: Path, secrets: Secrets = KEYRING) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    read_archive(path, secrets=secrets, take=lambda name, source: found.update({name: source.read(10_000)}))
    return found


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    found = members(made(tmp_path / "one.backup"))
    assert (
        b"".join(content for name, content in found.items() if name.startswith("database/")) == b"d" * 2_000
    )
    assert found["files/uploads/x"] == b"f" * 3_000
    assert list(found) == [
        "manifest.json",
        "database/00001",
        "database/00002",
        "database/00003",
        "files/uploads/x",
    ]


@pytest.mark.parametrize(
    "secrets",
    [Secrets(key=b"k" * 32), Secrets(passphrase=b"correct horse battery")],
    ids=["key", "passphrase"],
)
def test_it_opens_for_whom_it_was_made_and_nobody_else(tmp_path: Path, secrets: Secrets) -> None:
    path = made(tmp_path / "one.backup", secrets=secrets)
    assert verify_archive(path, secrets=secrets) == {"id": "one"}
    for wrong in (KEYRING, Secrets(key=b"x" * 32), Secrets(passphrase=b"wrong horse battery")):
        with pytest.raises(BackupRefused, match="does not open"):
            verify_archive(path, secrets=wrong)


def test_secrets_come_from_files_that_others_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("c2hvcnQ=")
    path.chmod(0o644)
    with pytest.raises(KeyringError):
        Secrets.of_files(key_file=str(path))
    path.chmod(0o600)
    with pytest.raises(BackupRefused, match="32 random bytes"):
        Secrets.of_files(key_file=str(path))
    with pytest.raises(BackupRefused, match="12 characters"):
        Secrets.of_files(passphrase_file=str(path))
    assert "c2hvcnQ" not in repr(Secrets(passphrase=b"c2hvcnQ"))


def test_every_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "one.backup")
    whole = path.read_bytes()
    for place in range(0, len(whole), 37):
        harmed = bytearray(whole)
        harmed[place] ^= 1 << place % 8
        path.write_bytes(harmed)
        with pytest.raises(BackupRefused):
            members(path)


HARMS: dict[str, Callable[[bytes], bytes]] = {
    "cut in the middle": lambda whole: whole[: len(whole) // 2],
    "cut at its end": lambda whole: whole[:-1],
    "a byte more": lambda whole: whole + b"x",
    "nothing": lambda whole: b"",
    "only its head": lambda whole: whole[:200],
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_not_whole_is_refused(tmp_path: Path, harm: str) -> None:
    path = made(tmp_path / "one.backup")
    path.write_bytes(HARMS[harm](path.read_bytes()))
    with pytest.raises(BackupRefused):
        members(path)


def test_a_head_before_another_stream_is_refused(tmp_path: Path) -> None:
    one, other = made(tmp_path / "one.backup").read_bytes(), made(tmp_path / "two.backup").read_bytes()
    length = len(archive.MAGIC) + 4 + int.from_bytes(one[len(archive.MAGIC) :][:4], "big")
    (tmp_path / "mixed.backup").write_bytes(one[:length] + other[length:])
    with pytest.raises(BackupRefused):
        members(tmp_path / "mixed.backup")


def test_a_manifest_of_another_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="head"):
        verify_archive(made(tmp_path / "one.backup", id="two"), secrets=KEYRING)


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), writing(tmp_path / "one.backup", head=HEAD, secrets=KEYRING):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
