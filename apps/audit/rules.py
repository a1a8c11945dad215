"""Hash trees as in RFC 6962 (Certificate Transparency), section 2.1: SHA-256, leaves and nodes distinguished
by their first byte."""

from collections.abc import Iterable
from hashlib import sha256

HASH_BYTES = 32
PAIR = 2 * HASH_BYTES


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def inclusion_paths(leaves: bytes, places: Iterable[int]) -> dict[int, list[tuple[bool, bytes]]]:
    """For each place among the hashed entries, the way from its leaf to the root: whether the sibling stands
    to the left, and its hash.

    Joining the leaf with each sibling in turn gives the root of `tree_head`; a node without a sibling goes up
    as it is.
    """
    paths: dict[int, list[tuple[bool, bytes]]] = {place: [] for place in places}
    level, at = leaves, {place: place for place in paths}
    while len(level) > HASH_BYTES:
        for place, node in at.items():
            sibling = node ^ 1
            hashed = level[sibling * HASH_BYTES : (sibling + 1) * HASH_BYTES]
            if hashed:
                paths[place].append((sibling < node, hashed))
            at[place] = node // 2
        level = _next_level(level)
    return paths


def _next_level(level: bytes) -> bytes:
    whole = len(level) // PAIR * PAIR
    pairs = [sha256(b"\x01" + level[at : at + PAIR]).digest() for at in range(0, whole, PAIR)]
    return b"".join([*pairs, level[whole:]])


def tree_head(leaves: bytes) -> bytes:
    """The root over hashed entries, one after the other in their order.

    Joining pairs level by level, with a last odd one left as it is, gives the tree of the RFC, which splits
    at the largest power of two below the count.
    """
    if not leaves:
        return sha256(b"").digest()
    level = leaves
    while len(level) > HASH_BYTES:
        level = _next_level(level)
    return level
