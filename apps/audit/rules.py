"""Hash trees as in RFC 6962 (Certificate Transparency), section 2.1: SHA-256, leaves and nodes distinguished by their first byte."""

from hashlib import sha256

HASH_BYTES = 32
PAIR = 2 * HASH_BYTES


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def tree_head(leaves: bytes) -> bytes:
    """The root over hashed entries, one after the other in their order.

    Joining pairs level by level, with a last odd one left as it is, gives the tree of the RFC, which splits at the largest power of
    two below the count.
    """
    if not leaves:
        return sha256(b"").digest()
    level = leaves
    while len(level) > HASH_BYTES:
        whole = len(level) // PAIR * PAIR
        pairs = [sha256(b"\x01" + level[at : at + PAIR]).digest() for at in range(0, whole, PAIR)]
        level = b"".join([*pairs, level[whole:]])
    return level
