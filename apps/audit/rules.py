"""Hash trees as in RFC 6962 (Certificate Transparency), section 2.1: SHA-256, leaves and nodes told apart by their first byte."""

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def tree_head(leaves: Sequence[bytes]) -> bytes:
    """The root over hashed entries, in their order.

    Joining pairs level by level, with a last odd one left as it is, gives the tree of the RFC, which splits at the largest power of
    two below the count.
    """
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        above = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]
