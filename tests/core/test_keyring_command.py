"""`keyring make`, `add`, `show`: keys come into a file that only its owner reads, and are never printed."""

import json
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from apps.core.crypto import keyring


def ring(step: str, *words: str) -> str:
    out = StringIO()
    call_command("keyring", step, *words, stdout=out, stderr=out)
    return out.getvalue()


def test_a_keyring_is_made_once_and_never_printed(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    said = ring("make", str(path)) + ring("show", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    known = keyring.parse(path.read_text())
    assert set(known) == set(keyring.PURPOSES)
    for entry in json.loads(path.read_text()).values():
        assert not any(key in said for key in entry["keys"].values())
    before = path.read_text()
    with pytest.raises(SystemExit) as refused:
        ring("make", str(path))
    assert (refused.value.code, path.read_text()) == (3, before)


def test_an_older_keyring_gets_what_it_lacks_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    old = {
        name: entry
        for name, entry in json.loads(keyring.generate()).items()
        if name not in {"seal", "backup"}
    }
    keyring.write_private_file(path, json.dumps(old))
    said = ring("add", str(path))
    assert "backup, seal" in said
    assert {name: json.loads(path.read_text())[name] for name in old} == old
    assert json.loads(path.with_name("keyring.json.before").read_text()) == old
    assert "already" in ring("add", str(path))


@pytest.mark.parametrize("step", ["add", "show"])
def test_what_is_no_keyring_or_not_there_is_a_sentence(tmp_path: Path, step: str) -> None:
    path = tmp_path / "keyring.json"
    with pytest.raises(SystemExit):
        ring(step, str(path))
    path.write_text("[]")
    path.chmod(0o600)
    with pytest.raises(SystemExit):
        ring(step, str(path))
    path.chmod(0o644)
    with pytest.raises(SystemExit):
        ring(step, str(path))


def test_a_keyring_of_the_environment_is_not_changed_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HEGUI_KEYRING", keyring.generate())
    with pytest.raises(SystemExit):
        ring("add")
