"""Long data in encrypted chunks: whole or not at all."""

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.crypto.chunked import TAG, decrypt_chunks, encrypt_chunks, new_key
from apps.core.errors import DecryptionFailed

KEY = b"k" * 32
SIZE = 10


def encrypted(clear: bytes, *, bound_to: bytes = b"here") -> list[bytes]:
    return list(encrypt_chunks([clear], key=KEY, bound_to=bound_to, size=SIZE))


def opened(chunks: list[bytes], *, bound_to: bytes = b"here", key: bytes = KEY) -> bytes:
    def tell() -> Iterator[bytes]:
        yield from decrypt_chunks(io.BytesIO(b"".join(chunks)).read, key=key, bound_to=bound_to, size=SIZE)

    return b"".join(tell())


@given(st.lists(st.binary(max_size=35), max_size=6))
def test_what_goes_in_comes_out(pieces: list[bytes]) -> None:
    chunks = list(encrypt_chunks(pieces, key=KEY, bound_to=b"here", size=SIZE))
    assert opened(chunks) == b"".join(pieces)
    assert all(len(chunk) <= SIZE + TAG for chunk in chunks)


CLEAR = b"0123456789" * 3 + b"end"


@pytest.mark.parametrize(
    "harm",
    [
        lambda chunks: chunks[:-1],
        lambda chunks: [],
        lambda chunks: [chunks[1], chunks[0], *chunks[2:]],
        lambda chunks: [chunks[0], *chunks],
        lambda chunks: [*chunks[:1], *chunks[2:]],
        lambda chunks: [*chunks, encrypted(b"more")[0]],
        lambda chunks: [*chunks[:-1], chunks[-1][:-1]],
        lambda chunks: [*chunks, b"x"],
    ],
    ids=[
        "cut at a chunk",
        "empty",
        "swapped",
        "repeated",
        "taken out",
        "appended",
        "cut within",
        "a byte more",
    ],
)
def test_what_was_harmed_does_not_open(harm: object) -> None:
    assert callable(harm)
    with pytest.raises(DecryptionFailed):
        opened(harm(encrypted(CLEAR)))


def test_every_flipped_bit_shows() -> None:
    whole = b"".join(encrypted(CLEAR))
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(DecryptionFailed):
            opened([bytes(flipped)])


def test_it_opens_neither_elsewhere_nor_under_another_key() -> None:
    with pytest.raises(DecryptionFailed):
        opened(encrypted(CLEAR), bound_to=b"there")
    with pytest.raises(DecryptionFailed):
        opened(encrypted(CLEAR), key=new_key())
