"""The keyring: named 256-bit keys, each for one purpose, never in the database (R7).

A keyring is JSON: `{purpose: {"current": id, "keys": {id: base64 of 32 bytes}}}`. It comes
from `HEGUI_KEYRING` (the JSON itself) or `HEGUI_KEYRING_FILE` (a file of mode 0600). Only the
embedded default writes one, at first start.
"""

import base64
import binascii
import json
import os
import secrets
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from .errors import KeyringError

KEY_BYTES = 32
# fields, files: encryption. index, last4: look-up of contacts. register: opt-outs.
# ledger: erasures. The last two outlive the rest: what they hash is not stored anywhere.
PURPOSES = ("fields", "files", "index", "last4", "register", "ledger")


@dataclass(frozen=True)
class Keys:
    """The keys of one purpose. `repr` never shows them."""

    current_id: str
    by_id: dict[str, bytes]

    @property
    def current(self) -> bytes:
        return self.by_id[self.current_id]

    def __repr__(self) -> str:
        return f"<Keys current={self.current_id} ids={sorted(self.by_id)}>"


def parse(text: str) -> dict[str, Keys]:
    """The keyring in `text`. Raises `KeyringError` naming the purpose that is wrong."""
    try:
        data = json.loads(text)
    except ValueError:
        raise KeyringError("The keyring is not JSON.") from None
    ring = {}
    for purpose in PURPOSES:
        try:
            entry = data[purpose]
            keys = {name: base64.b64decode(key, validate=True) for name, key in entry["keys"].items()}
            ring[purpose] = Keys(entry["current"], keys)
            complete = entry["current"] in keys
        except (KeyError, TypeError, AttributeError, binascii.Error):
            raise KeyringError(f'The keyring has no usable entry for "{purpose}".') from None
        if not complete:
            raise KeyringError(f'The current key of "{purpose}" is not among its keys.')
        for name, key in keys.items():
            if len(key) != KEY_BYTES or not 1 <= len(name.encode()) <= 32:
                raise KeyringError(f'A key of "{purpose}" is not 256 bits long or its id is not 1 to 32 bytes.')
    return ring


def generate() -> str:
    """A new keyring as JSON, one fresh key for each purpose."""
    keys = {purpose: {"current": "k1", "keys": {"k1": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}} for purpose in PURPOSES}
    return json.dumps(keys, indent=1)


def read_private_file(path: Path) -> str:
    """The text of a secret file. Raises `KeyringError` when others could read it."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise KeyringError(f"There is no keyring at {path}. Without it nothing stored can be read.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyringError(f"{path} can be read by others. Set its mode to 0600.")
    return path.read_text()


def write_private_file(path: Path, text: str) -> None:
    """Create `path` with mode 0600; an existing file is never overwritten (FileExistsError)."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    finally:
        draft.unlink()


@cache
def _loaded(inline: str, path: str) -> dict[str, Keys]:
    return parse(inline or read_private_file(Path(path)))


def keys(purpose: str) -> Keys:
    """The keys of `purpose` from the keyring that the settings name."""
    return _loaded(settings.HEGUI_KEYRING, str(settings.HEGUI_KEYRING_FILE))[purpose]
