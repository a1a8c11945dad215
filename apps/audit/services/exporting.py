"""The signed trail as a file that anybody can check: tree heads, rows, public keys. Lines of JSON.

    {"hegui_trail": {"form": 1, "exported_at", "streams": {name: {"columns", "erasable", "dropped",
    "tree_heads"}}},
     "key", "signature": hex, "public_keys": {id: base64}} the first line, signed: how many tree heads there
     have to be
    {"tree_head": document, "key", "signature": hex, "hashes": {"ids", "leaves"} or null}
                                                                     and after it its rows, one array a line,
                                                                     as hashed

Of a row `sha256(0x00 | line)` is the leaf, and the root over the leaves is that of RFC 6962. Rows hold ids
and masks, nobody's number.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Max

from apps.core.calendar import clock
from apps.core.crypto import signatures

from ..models import TrailCut, TreeHead, TreeHeadRows
from ..trail_tables import Stream, one_snapshot, streams


def export_trail() -> Iterator[bytes]:
    """The lines, in one snapshot."""
    with one_snapshot():
        yield _line(_head())
        for stream in streams():
            for tree_head in (
                TreeHead.objects.filter(stream=stream.name).order_by("number").iterator(chunk_size=1_000)
            ):
                yield from _tree_head_with_rows(stream, tree_head)


def _head() -> dict[str, Any]:
    cuts = dict(TrailCut.objects.values_list("stream").annotate(Max("number")))
    tree_heads = dict(TreeHead.objects.values_list("stream").annotate(Max("number")))
    payload = {
        "form": 1,
        "exported_at": signatures.moment(clock.now()),
        "streams": {
            stream.name: {
                "columns": list(stream.columns), "erasable": stream.erasable,
                "dropped": cuts.get(stream.name, 0),
                "tree_heads": tree_heads.get(stream.name, 0),
            }
            for stream in streams()
        },
    }  # fmt: skip
    key, signature = signatures.sign(payload)
    return {
        "hegui_trail": payload,
        "key": key,
        "signature": signature.hex(),
        "public_keys": {
            name: base64.b64encode(key).decode() for name, key in signatures.public_keys().items()
        },
    }


def _tree_head_with_rows(stream: Stream, tree_head: TreeHead) -> Iterator[bytes]:
    kept = TreeHeadRows.objects.filter(tree_head=tree_head).first()
    hashes = {"ids": bytes(kept.ids).hex(), "leaves": bytes(kept.leaves).hex()} if kept else None
    yield _line(
        {
            "tree_head": tree_head.document(),
            "key": tree_head.key,
            "signature": bytes(tree_head.signature).hex(),
            "hashes": hashes,
        }
    )
    for _pk, text in stream.rows(tree_head.after, tree_head.upto):
        yield text + b"\n"


def _line(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode() + b"\n"
