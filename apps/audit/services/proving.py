"""Proofs that single rows of the trail stand under a signed tree head, for who holds nothing else of it (RFC
6962, section 2.1.1)."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from ..heads import read_heads
from ..models import TreeHead, TreeHeadRows
from ..rules import inclusion_paths
from ..trail_tables import one_snapshot, streams

ID_BYTES = 8
AT_ONCE = 1_000


def prove(stream: str, keys: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Of each of these rows that is still there, in order: `{"stream", "id", "row": text as hashed,
    "tree_head": number, "place", "path": [["left" or "right", hex], …]}`; without the last three for a row
    that is not signed yet."""
    table = next(each for each in streams() if each.name == stream)
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), AT_ONCE):
        with one_snapshot():
            some = wanted[start : start + AT_ONCE]
            proofs = _proofs(stream, some)
            for pk, text in table.rows_of(some):
                yield {"stream": stream, "id": pk, "row": text.decode(), **proofs.get(pk, {})}


def _proofs(stream: str, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    """By the id of each row that is signed."""
    if not keys:
        return {}
    heads = list(
        TreeHead.objects.filter(stream=stream, upto__gte=keys[0], after__lt=keys[-1])
        .order_by("upto")
        .only("pk", "number", "upto")
    )
    ends, of_head = [head.upto for head in heads], defaultdict[int, list[int]](list)
    for key in keys:
        place = bisect_left(ends, key)
        if place < len(heads):
            of_head[place].append(key)
    found: dict[int, dict[str, Any]] = {}
    for number, some in of_head.items():
        found |= _under(heads[number], some)
    return found


def _under(head: TreeHead, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    kept = TreeHeadRows.objects.filter(tree_head=head).first()
    if kept is None:
        return {}
    ids = bytes(kept.ids)
    places = {
        int.from_bytes(ids[at : at + ID_BYTES], "big"): at // ID_BYTES for at in range(0, len(ids), ID_BYTES)
    }
    known = [key for key in keys if key in places]
    paths = inclusion_paths(bytes(kept.leaves), [places[key] for key in known])
    return {
        key: {
            "tree_head": head.number, "place": places[key],
            "path": [["left" if is_left else "right", sibling.hex()] for is_left,
            sibling in paths[places[key]]],
        }
        for key in known
    }  # fmt: skip


def heads_named(named: dict[str, set[int]]) -> Iterator[dict[str, Any]]:
    """The tree heads with these numbers, by stream: document, key, signature, and the first line of the file
    of heads outside the database that knows them (None where none does yet)."""
    outside: dict[str, dict[int, dict[str, Any]]] = {stream: {} for stream in named}
    waiting = {stream: sorted(numbers) for stream, numbers in named.items()}
    for line in read_heads():
        for stream, numbers in waiting.items():
            last = line.heads.get(stream, (0, ""))[0]
            while numbers and numbers[0] <= last:
                outside[stream][numbers.pop(0)] = {"line": line.line, "at": line.at.isoformat()}
    for stream, wanted in named.items():
        for head in TreeHead.objects.filter(stream=stream, number__in=wanted).order_by("number"):
            yield {
                "head": head.document(), "key": head.key, "signature": bytes(head.signature).hex(),
                "kept_outside": outside[stream].get(head.number),
            }  # fmt: skip
