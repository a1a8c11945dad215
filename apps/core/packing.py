"""Archives that leave the house: ZIP under WinZip's AES-256, which 7-Zip opens, and a passphrase that one person reads to another."""

import io
import secrets
from collections.abc import Iterable

WORDS = 6  # of four letters and digits each: 119 random bits
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look like another


def new_passphrase() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _place in range(4)) for _word in range(WORDS))


def encrypted_archive(passphrase: str, members: Iterable[tuple[str, bytes]]) -> bytes:
    """The archive with these members, by name; they are asked for one by one."""
    import pyzipper  # an eighth of a second, for what is needed once in a while

    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(passphrase.encode())
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()
