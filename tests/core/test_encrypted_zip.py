"""Archives are made in pieces: no more of them is held than what was just written."""

import io
import os
from collections.abc import Iterator

import pyzipper

from apps.core.documents.encrypted_zip import encrypted_archive, new_passphrase

PIECE, PIECES = 64 * 1024, 300


def test_a_large_member_is_never_held_as_a_whole() -> None:
    made, out = 0, bytearray()

    def recording() -> Iterator[bytes]:
        nonlocal made
        for _each in range(PIECES):
            made += PIECE
            yield os.urandom(PIECE)  # what does not get smaller

    passphrase = new_passphrase()
    for piece in encrypted_archive(passphrase, [("recording.wav", recording()), ("manifest.json", [b"{}"])]):
        assert len(piece) < 8 * PIECE
        out += piece
        assert made - len(out) < 16 * PIECE, "what was made is handed on"
    with pyzipper.AESZipFile(io.BytesIO(out)) as archive:
        archive.setpassword(passphrase.encode())
        assert len(archive.read("recording.wav")) == PIECE * PIECES
        assert archive.read("manifest.json") == b"{}"
