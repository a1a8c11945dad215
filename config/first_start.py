"""Where the site keeps its own things, and the secrets of the embedded default: made by `manage.py` before
its first start, never by reading the settings."""

import contextlib
import os
import secrets
from pathlib import Path

from apps.core.crypto import keyring

BASE_DIR = Path(__file__).resolve().parent.parent
# Templates, messages and collected static files of an installed package; a checkout has them at its top.
PACKAGED = BASE_DIR / "hegui_files"
IS_PACKAGED = PACKAGED.exists()


def home() -> Path:
    """`var/` of a checkout; of an installed package what an operator makes for it."""
    return Path(
        os.environ.get("HEGUI_HOME", "") or (Path("/var/lib/hegui") if IS_PACKAGED else BASE_DIR / "var")
    ).resolve()


def other_owner() -> str:
    """Who owns the home, when that is somebody else and root asks; else ""."""
    place = home()
    if os.geteuid() != 0 or not place.exists() or place.stat().st_uid == 0:
        return ""
    return place.owner()


def kept_secret(path: Path) -> str:
    """The secret in a file of our own; "" when none was made yet."""
    return keyring.read_private_file(path).strip() if path.exists() else ""


def make_secrets() -> None:
    """What the embedded default needs and has not: a secret key, a keyring, and in an older keyring a key for
    each newer purpose.

    A keyring is never made beside a database that exists: it could not read what is stored there.
    """
    place = home()
    place.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        keyring.write_private_file(place / "secret_key", secrets.token_urlsafe(64))
    if os.environ.get("HEGUI_KEYRING"):
        return
    ring = Path(os.environ.get("HEGUI_KEYRING_FILE") or place / "keyring.json")
    if not ring.exists() and not (place / "postgres.made").exists():
        with contextlib.suppress(FileExistsError):
            keyring.write_private_file(ring, keyring.generate())
    if ring.exists():
        keyring.complete_file(ring)
