"""The keyring: named 256-bit keys, each for one purpose, never in the database (R7).

A keyring is JSON: `{purpose: {"current": id, "first": id, "keys": {id: base64 of 32 bytes}}}`. `first` is the
key with which the purpose began: what is derived once for good (the secrets of the feeds, the MAC of the
ledger, the hashes of numbers) is derived from it. Where it is not named it is the one that stands first. It
comes from `HEGUI_KEYRING` (the JSON itself) or `HEGUI_KEYRING_FILE` (a file of mode 0600). The embedded
default writes one, at first start. A file that changes is read again within `FRESH_SECONDS`, and at once when
a value names a key that is not known, so keys turn while the site runs.
"""

import base64
import binascii
import fcntl
import json
import os
import secrets
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from ..errors import KeyringError

log = structlog.get_logger(__name__)
KEY_BYTES = 32
# fields, files: encryption. index, last4: look-up of contacts. register: opt-outs.
# ledger: erasures. These two outlive the rest: what they hash is not stored anywhere.
# backup: opens backups, which may be older than the other keys. seal: signs tree heads and certificates.
PURPOSES = ("fields", "files", "index", "last4", "register", "ledger", "backup", "seal")
# Of these others are derived from the first key.
DERIVED = ("index", "register", "ledger")
FRESH_SECONDS = 2.0


@dataclass(frozen=True)
class Keys:
    """The keys of one purpose. `repr` never shows them."""

    current_id: str
    by_id: dict[str, bytes]
    first_id: str

    @property
    def current(self) -> bytes:
        return self.by_id[self.current_id]

    @property
    def first(self) -> bytes:
        return self.by_id[self.first_id]

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
            first = entry.get("first") or next(iter(keys))
            ring[purpose] = Keys(entry["current"], keys, first)
            complete = entry["current"] in keys
            if first not in keys:
                raise KeyringError(f'The first key of "{purpose}" is not among its keys.')
        except (KeyError, TypeError, AttributeError, StopIteration, binascii.Error):
            raise KeyringError(f'The keyring has no usable entry for "{purpose}".') from None
        if not complete:
            raise KeyringError(f'The current key of "{purpose}" is not among its keys.')
        for name, key in keys.items():
            if len(key) != KEY_BYTES or not 1 <= len(name.encode()) <= 32:
                raise KeyringError(
                    f'A key of "{purpose}" is not 256 bits long or its id is not 1 to 32 bytes.'
                )
    return ring


def _fresh() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def generate(known: str = "{}") -> str:
    """A keyring as JSON: what is known, and a fresh key for each purpose that has none."""
    missing = {purpose: {"current": "k1", "first": "k1", "keys": {"k1": _fresh()}} for purpose in PURPOSES}
    return json.dumps(missing | json.loads(known), indent=1)


def with_new_key(text: str, purpose: str) -> str:
    """The keyring with one more key of `purpose`, made current."""
    ring = json.loads(text)
    number = 1 + max(
        (int(name[1:]) for name in ring[purpose]["keys"] if name[:1] == "k" and name[1:].isdigit()), default=0
    )
    ring[purpose].setdefault("first", next(iter(ring[purpose]["keys"])))
    ring[purpose]["keys"][f"k{number}"] = _fresh()
    ring[purpose]["current"] = f"k{number}"
    return json.dumps(ring, indent=1)


def without_key(text: str, purpose: str, key_id: str) -> str:
    """The keyring without a key. Raises `KeyringError` for the current one and one that is not there."""
    ring = json.loads(text)
    if ring[purpose]["current"] == key_id or key_id not in ring[purpose]["keys"]:
        raise KeyringError(f'"{key_id}" is not an older key of "{purpose}".')
    if key_id == ring[purpose].get("first", next(iter(ring[purpose]["keys"]))):
        if purpose in DERIVED:
            raise KeyringError(
                f'"{key_id}" is the first key of "{purpose}", from which others are derived: it is never '
                "taken away."
            )
        ring[purpose].pop("first", None)
    del ring[purpose]["keys"][key_id]
    return json.dumps(ring, indent=1)


def read_private_file(path: Path) -> str:
    """The text of a secret file. Raises `KeyringError` when others could read it."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise KeyringError(f"There is no keyring at {path}. Without it nothing stored can be read.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyringError(f"{path} can be read by others. Set its mode to 0600.")
    return path.read_text()


def _draft_beside(path: Path, text: str) -> Path:
    """A new file with the text, which belongs to whom the old one belongs: root changes the keyring of a site
    that runs as another."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    if os.geteuid() == 0 and path.exists():
        owner = path.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def write_private_file(path: Path, text: str) -> None:
    """Create `path` with mode 0600; an existing file is never overwritten (FileExistsError)."""
    draft = _draft_beside(path, text)
    try:
        os.link(draft, path)
    finally:
        draft.unlink()


def complete_file(path: Path) -> list[str]:
    """Give a key to each purpose that a newer Hegui knows and the file does not; returns them. Raises
    `KeyringError` for what is none."""
    try:
        known = json.loads(read_private_file(path))
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise KeyringError(f"{path} is not a keyring. Put the right file there; nothing was changed.")
    if missing := [purpose for purpose in PURPOSES if purpose not in known]:
        change_file(path, generate)
    return missing


def change_file(path: Path, change: Callable[[str], str]) -> None:
    """Replace the keyring file as a whole. The old file stays beside it (`.before`): a key that is lost is
    lost for good."""
    with path.with_name(f"{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = read_private_file(path)
        after = change(before)
        parse(after)
        if json.loads(after) != json.loads(before):
            _draft_beside(path, before).replace(path.with_name(f"{path.name}.before"))
            _draft_beside(path, after).replace(path)


def _state_of(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


def _why_another(known: dict[str, Keys], found: dict[str, Keys]) -> str:
    """Why what was found is another keyring than the one that is known; "" where it is the same one."""
    for purpose, keys in known.items():
        others = found[purpose].by_id
        if any(others.get(name, key) != key for name, key in keys.by_id.items()):
            return f'A key of "{purpose}" is another than before.'
        if keys.current_id not in others or (purpose in DERIVED and found[purpose].first_id != keys.first_id):
            return f'A key of "{purpose}" that is in use is missing.'
    return ""


class _Ring:
    """The keyring as this process knows it, and the state of the file that it was read from."""

    def __init__(self) -> None:
        self.keys: dict[str, Keys] = {}
        self._source: tuple[str, Path | None, tuple[int, int]] = ("", None, (0, 0))
        self._look_again = 0.0
        self.refusal = ""

    @property
    def is_fresh(self) -> bool:
        inline, path, _state = self._source
        return (
            time.monotonic() < self._look_again
            and inline is settings.HEGUI_KEYRING
            and path is settings.HEGUI_KEYRING_FILE
        )

    def reload(self) -> dict[str, Keys]:
        """Read it again if its file has changed. One that is not the same keyring with more or fewer keys is
        not taken: what it would hash and encrypt, the site could not find or open again under the right
        one."""
        inline, path = settings.HEGUI_KEYRING, settings.HEGUI_KEYRING_FILE
        source = (inline, path, (0, 0) if inline else _state_of(path))
        if source != self._source:
            keys = parse(inline or read_private_file(path))
            is_changed = not inline and source[:2] == self._source[:2]
            self.refusal = _why_another(self.keys, keys) if is_changed else ""
            if not self.refusal:
                self.keys, self._source = keys, source
            else:
                log.error("keyring_refused", why=self.refusal)
        else:
            self.refusal = ""
        self._look_again = time.monotonic() + FRESH_SECONDS
        return self.keys


_ring = _Ring()
reload = _ring.reload


def refusal() -> str:
    """Why the keyring file as it is now is not taken; "" where it is."""
    return _ring.refusal


def keys(purpose: str) -> Keys:
    """The keys of `purpose` from the keyring that the settings name."""
    return (_ring.keys if _ring.is_fresh else _ring.reload())[purpose]
