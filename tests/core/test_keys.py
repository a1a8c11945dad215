"""The keyring, the cipher, the blind index."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.core.crypto import blind_index, cipher, encrypted_files, keyring
from apps.core.crypto.startup_check import open_newest
from apps.core.errors import DecryptionFailed, KeyringError
from apps.core.web import probes
from apps.core.web.health import HealthState
from tests.world import World


def use(ring: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HEGUI_KEYRING", json.dumps(ring))


def test_a_generated_keyring_has_a_256_bit_key_for_each_purpose() -> None:
    ring = keyring.parse(keyring.generate())
    assert set(ring) == set(keyring.PURPOSES)
    assert all(len(keys.current) == 32 for keys in ring.values())


def test_keys_are_never_shown() -> None:
    ring = keyring.parse(keyring.generate())
    assert base64.b64encode(ring["fields"].current).decode() not in repr(ring)
    assert repr(ring["fields"].current) not in repr(ring)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("no json", "not JSON"),
        ("{}", '"fields"'),
        (
            json.dumps(
                {
                    p: {"current": "k1", "keys": {"k2": base64.b64encode(b"x" * 32).decode()}}
                    for p in keyring.PURPOSES
                }
            ),
            "current key",
        ),
        (
            json.dumps(
                {
                    p: {"current": "k1", "keys": {"k1": base64.b64encode(b"x" * 16).decode()}}
                    for p in keyring.PURPOSES
                }
            ),
            "256 bits",
        ),
    ],
)
def test_a_broken_keyring_says_what_is_wrong(broken: str, says: str) -> None:
    with pytest.raises(KeyringError, match=says):
        keyring.parse(broken)


def test_a_keyring_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    path.write_text(keyring.generate())
    path.chmod(0o640)
    with pytest.raises(KeyringError, match="0600"):
        keyring.read_private_file(path)


def test_a_private_file_is_written_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    keyring.write_private_file(path, "a")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        keyring.write_private_file(path, "b")
    assert path.read_text() == "a"


def test_a_encrypted_value_opens_only_where_it_belongs() -> None:
    encrypted = cipher.encrypt(b"secret", purpose="fields", bound_to=b"a.b")
    assert cipher.decrypt(encrypted, purpose="fields", bound_to=b"a.b") == b"secret"
    for purpose, bound_to in (("fields", b"a.c"), ("files", b"a.b")):
        with pytest.raises(DecryptionFailed):
            cipher.decrypt(encrypted, purpose=purpose, bound_to=bound_to)


def test_what_an_older_key_encrypted_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = json.loads(keyring.generate())
    use(ring, monkeypatch)
    encrypted = cipher.encrypt(b"secret", purpose="fields", bound_to=b"x")
    ring["fields"]["keys"]["k2"] = base64.b64encode(b"2" * 32).decode()
    ring["fields"]["current"] = "k2"
    use(ring, monkeypatch)
    assert cipher.decrypt(encrypted, purpose="fields", bound_to=b"x") == b"secret"
    assert cipher.encrypt(b"new", purpose="fields", bound_to=b"x")[2:4] == b"k2"


def test_a_lost_key_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    encrypted = cipher.encrypt(b"secret", purpose="fields", bound_to=b"x")
    use(json.loads(keyring.generate()), monkeypatch)
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(encrypted, purpose="fields", bound_to=b"x")


def test_the_site_does_not_open_with_a_keyring_that_cannot_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_newest()
    use(json.loads(keyring.generate()), monkeypatch)
    with pytest.raises(KeyringError, match="contacts_contact"):
        open_newest()


def test_each_use_of_a_number_has_a_hash_of_its_own() -> None:
    number = "+8613800001234"
    made = {
        f(number)
        for f in (
            blind_index.number_index,
            blind_index.register_hash,
            blind_index.ledger_hash,
            blind_index.last4_index,
        )
    }
    assert len(made) == 4
    assert {len(each) for each in made} == {32}


def test_numbers_with_the_same_last_digits_share_only_that_hash() -> None:
    one, other = "+8613800001234", "+8613900001234"
    assert blind_index.last4_index(one) == blind_index.last4_index(other)
    assert blind_index.number_index(one) != blind_index.number_index(other)


def test_files_are_encrypted_under_names_that_tell_nothing(storage: Path) -> None:
    name = encrypted_files.put("手机号\n13800001234".encode(), folder="uploads")
    (file,) = [path for path in storage.rglob("*") if path.is_file()]
    assert b"13800001234" not in file.read_bytes()
    assert encrypted_files.get(name) == "手机号\n13800001234".encode()
    encrypted_files.delete(name)
    encrypted_files.delete(name)
    assert not file.exists()


def test_files_swapped_on_disk_do_not_open(storage: Path) -> None:
    first, second = (
        encrypted_files.put(b"one", folder="reports"),
        encrypted_files.put(b"two", folder="reports"),
    )
    (storage / first).write_bytes((storage / second).read_bytes())
    with pytest.raises(DecryptionFailed):
        encrypted_files.get(first)


def test_another_keyring_is_not_taken_while_the_site_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would hash and encrypt could not be found again under the right one."""
    path = tmp_path / "keyring.json"
    keyring.write_private_file(path, keyring.generate())
    monkeypatch.setattr(settings, "HEGUI_KEYRING", "")
    monkeypatch.setattr(settings, "HEGUI_KEYRING_FILE", path)
    known = keyring.reload()["register"].current
    right = path.read_text()
    for wrong in (keyring.generate(), json.dumps(without_current(right, "register"))):
        path.write_text(wrong)
        assert keyring.reload()["register"].current == known
        assert keyring.refusal()
        assert probes.keys_are_there().state == HealthState.WRONG
    path.write_text(keyring.with_new_key(right, "fields"))
    assert set(keyring.reload()["fields"].by_id) == {"k1", "k2"}
    assert not keyring.refusal()
    path.write_text(keyring.without_key(path.read_text(), "fields", "k1"))
    assert set(keyring.reload()["fields"].by_id) == {"k2"}


def without_current(text: str, purpose: str) -> dict[str, Any]:
    """The ring as if the newest key of a purpose had never been made."""
    ring = json.loads(text)
    ring[purpose]["keys"] = {"k9": next(iter(ring[purpose]["keys"].values()))}
    return {**ring, purpose: {**ring[purpose], "current": "k9", "first": "k9"}}
