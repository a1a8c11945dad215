"""The break-glass copy of the keyring: encrypted under a key that no one holds, in shares of which some are
enough (R7).

The shares are Shamir's, written as words (SLIP-39), so they can be kept on paper by different people. Fewer
than enough tell nothing. What is lost with the machine is then read again: the encrypted copy, and so many
people.
"""

import json
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics

from apps.core.crypto import keyring
from apps.core.errors import BadInput, KeyringError

MOST_SHARES = 16
_BOUND_TO = b"hegui keyring escrow 1"


def split_keyring(*, shares: int, needed: int) -> tuple[str, list[str]]:
    """The keyring encrypted (JSON), and the shares of the key that opens it. Neither is stored here."""
    if not 2 <= needed <= shares <= MOST_SHARES:
        raise BadInput(_("From 2 to %(most)s shares, of which at least 2 are needed."), most=MOST_SHARES)
    text = settings.HEGUI_KEYRING or keyring.read_private_file(settings.HEGUI_KEYRING_FILE)
    keyring.parse(text)
    key, nonce = os.urandom(32), os.urandom(12)
    encrypted = AESGCM(key).encrypt(nonce, text.encode(), _BOUND_TO)
    (words,) = generate_mnemonics(1, [(needed, shares)], key)
    return json.dumps(
        {"format": _BOUND_TO.decode(), "nonce": nonce.hex(), "encrypted": encrypted.hex(), "needed": needed}
    ), list(words)


def join_keyring(*, encrypted: str, shares: Sequence[str]) -> str:
    """The keyring again. Raises `KeyringError` for too few or wrong shares, or a copy that was changed."""
    try:
        payload = json.loads(encrypted)
        key = combine_mnemonics([share.strip() for share in shares if share.strip()])
        text = (
            AESGCM(key)
            .decrypt(bytes.fromhex(payload["nonce"]), bytes.fromhex(payload["encrypted"]), _BOUND_TO)
            .decode()
        )
    except (MnemonicError, InvalidTag, ValueError, KeyError, TypeError):
        raise KeyringError(
            _("These shares do not open this copy: some are missing or wrong, or the copy was changed.")
        ) from None
    keyring.parse(text)
    return text
