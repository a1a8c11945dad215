"""Archives that leave the site: ZIP under WinZip's AES-256, which 7-Zip opens, and a passphrase that one
person reads to another."""

import secrets
from collections.abc import Iterable, Iterator

WORDS = 6  # of four letters and digits each: 119 random bits
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look like another


def new_passphrase() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _place in range(4)) for _word in range(WORDS))


class _Pieces:
    """What a ZIP is written into: it is taken away piece by piece and never sought in."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, data: bytes) -> int:
        self.waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def take(self) -> bytes:
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken


def encrypted_archive(passphrase: str, members: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """The archive with these members, by name, each in pieces; they are asked for one by one, and no more
    than a piece is held."""
    import pyzipper  # an eighth of a second, for what is needed once in a while

    out = _Pieces()
    with pyzipper.AESZipFile(
        out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(passphrase.encode())
        for name, pieces in members:
            with archive.open(name, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    yield out.take()
    yield out.take()
