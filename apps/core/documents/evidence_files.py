"""Files that prove something: an agreement, a signed form, a voice that says yes. Identified by their
content, kept encrypted.

They are handed out as attachments only and never shown by the browser, so what else may hide in one does not
run.
"""

import hashlib
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from ..crypto import encrypted_files
from ..errors import BadInput, PersonalDataFound
from ..privacy import forbidden_numbers

MOST_BYTES = 20 * 2**20
FOLDER = "evidence"
# Kind: how it begins, and what has to stand near its end ("" where the kind has no end of its own).
_KINDS: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    "pdf": ((b"%PDF-",), b"%%EOF"),
    "png": ((b"\x89PNG\r\n\x1a\n",), b"IEND"),
    "jpg": ((b"\xff\xd8\xff",), b"\xff\xd9"),
    "wav": ((b"RIFF",), b""),
    "mp3": ((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), b""),
    "ogg": ((b"OggS",), b""),
}
_NEAR_THE_END = 2048


class NoEvidence(BadInput):
    code = "not_an_evidence_file"
    sentence = _(
        "Evidence is a whole PDF, PNG, JPEG, WAV, MP3 or Ogg file, identified by its content, of at most "
        "%(most)s MB."
    )

    def __init__(self) -> None:
        super().__init__(most=MOST_BYTES // 2**20)


@dataclass(frozen=True)
class Kept:
    name: str = ""
    sha256: bytes | None = None


def kind_of(content: bytes) -> str:
    """The kind of file. Raises `NoEvidence`."""
    for kind, (heads, tail) in _KINDS.items():
        if (
            content.startswith(heads)
            and tail in content[-_NEAR_THE_END:]
            and (kind != "wav" or content[8:12] == b"WAVE")
        ):
            return kind
    raise NoEvidence()


def keep(content: bytes | None, *, file_name: str = "") -> Kept:
    """Check and encrypt a file in the caller's transaction; nothing was handed in: an empty `Kept`.

    Raises `NoEvidence`, and `PersonalDataFound` when its name holds a resident-ID or bank-card number (R1).
    """
    if content is None:
        return Kept()
    if forbidden_numbers.find(file_name):
        raise PersonalDataFound(_("The name of the file holds a resident-ID or bank-card number. Rename it."))
    if len(content) > MOST_BYTES:
        raise NoEvidence()
    kind_of(content)
    return Kept(encrypted_files.put(content, folder=FOLDER), hashlib.sha256(content).digest())
