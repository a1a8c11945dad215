"""What other systems send, read as far as it can be read: a refusal is not lost for the form of its
message."""

import hashlib
import html
import json
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, model_validator

from ..errors import BadInput, HeguiError
from ..privacy.canonical_text import even

MOST_DEPTH = 6
MOST_REPORTS = 1_000
ITEMS = "items"  # where the body is a list
_MOST_DIGITS = 300
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_NOT_A_LETTER = re.compile(r"[^a-z一-鿿]")


class Lenient(BaseModel):
    """A body of which any type is taken for any value, and other fields too, so that no refusal is turned
    away for its form. A list stands under `items`."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _list_is_items(cls, body: Any) -> Any:
        if isinstance(body, list):
            return {ITEMS: body}
        return {ITEMS: [body]} if isinstance(body, str | int | float) else body or {}


def read_body(raw: bytes, content_type: str, *, must_be_read: bool = False) -> Any:
    """JSON, a form or markup, by what is announced and by what stands there; {} where nothing stands. What
    announces a form and holds JSON, as `curl -d` sends it, is JSON.

    Raises ValueError for what is none of them, or gives its text alone under `items` where it must be read.
    """
    raw = raw.strip()
    if not raw:
        return {}
    if content_type == "application/x-www-form-urlencoded":
        with suppress(ValueError):
            if is_json(raw):
                return read_json(raw)
        return read_form(raw)
    if raw.startswith(b"<"):
        return read_markup(raw)
    try:
        return read_json(raw)
    except ValueError:
        if not must_be_read:
            raise
        return {ITEMS: [_storable(decoded(raw))]}


def is_json(raw: bytes) -> bool:
    """Whether an object or a list begins there."""
    return raw.removeprefix(BOM_UTF8).lstrip()[:1] in {b"{", b"["}


def unpacked(raw: bytes, encoding: str) -> bytes:
    """The body without its `Content-Encoding`. Raises `EncodingRefused` for one that is not gzip, or does not
    unpack to a body that is not too large."""
    encoding = encoding.strip().lower() or ("gzip" if raw.startswith(b"\x1f\x8b") else "identity")
    if encoding == "identity":
        return raw
    unpacking = zlib.decompressobj(wbits=47)  # gzip, or deflate in its frame
    try:
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise EncodingRefused
        body = unpacking.decompress(raw, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except zlib.error:
        raise EncodingRefused from None
    if not unpacking.eof:
        raise EncodingRefused
    return body


class EncodingRefused(HeguiError):
    code = "encoding_refused"
    status = 415
    sentence = _("Send the body as it is, or packed with gzip and not larger than 2 MB unpacked.")


def decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


_ELEMENT = re.compile(r"<([\w:.\-]+)[^<>]*>([^<>]*)</")


def read_markup(raw: bytes) -> dict[str, Any]:
    """The texts of an XML message by the names of their elements. Nothing is expanded or fetched: what
    declares an entity shows its name."""
    pairs = [
        (name.rpartition(":")[2], html.unescape(text.strip()))
        for name, text in _ELEMENT.findall(decoded(raw))
    ]
    return _object(pairs)


def read_json(raw: bytes) -> Any:
    """JSON in UTF-8, or in GB 18030 as older systems write it. Half surrogates become U+FFFD, so that every
    text can be stored; a name that stands twice has a list of its values. Raises ValueError for what is no
    JSON."""
    try:
        text = raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    return json.loads(text.removeprefix("\ufeff"), strict=False, object_pairs_hook=_object, parse_int=_whole)


def read_form(raw: bytes) -> dict[str, Any]:
    """The fields of a form in UTF-8 or GB 18030; a name that stands twice has a list of its values."""
    text = _NOT_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], raw).decode("ascii")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        pairs = parse_qsl(text, keep_blank_values=True, encoding="gb18030")
    return fields_of(pairs)


def fields_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The fields of a form. JSON that stands in a field, or for its name, is read."""
    return _object(
        [
            (name, _json_in(value)) if value or not is_json(name.encode()) else (ITEMS, _json_in(name))
            for name, value in pairs
        ]
    )


def _json_in(text: str) -> Any:
    if not is_json(text.encode()):
        return text
    try:
        return read_json(text.encode())
    except ValueError:
        return text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(_storable(name), []).append(_storable(value))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _storable(value: Any) -> Any:
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return value


def _whole(digits: str) -> float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def text_of(value: Any) -> str:
    """Any value as one line of text; None is none."""
    return "" if value is None else str(value).replace("\x00", "").strip()


def plain_name(name: str) -> str:
    """The letters of a field's name, in lower case: `phone_number`, `phoneNumber` and `PHONE-NUMBER` are
    one."""
    return _NOT_A_LETTER.sub("", even(name).lower())


def leaves(said: Any, name: str = "", depth: int = MOST_DEPTH) -> Iterator[tuple[str, str]]:
    """Every text in what was said that is not empty, with the plain name of the field nearest above it, in
    their order."""
    if isinstance(said, Mapping):
        for field, value in said.items():
            yield from leaves(value, plain_name(field) or name, depth - 1) if depth else ()
    elif isinstance(said, list | tuple):
        for value in said:
            yield from leaves(value, name, depth - 1) if depth else ()
    elif text := text_of(said):
        yield name, text


def reports_in(
    said: dict[str, Any], *groups: tuple[str, ...], either: bool = False, depth: int = MOST_DEPTH
) -> list[dict[str, Any]]:
    """The reports that stand in one body, whatever holds them: the members of a list of objects that say
    something under one of the names (as `plain_name` has them), and objects that are reports by themselves,
    each with what is said beside; and what is said beside, where that is a report too. Else the body itself.

    A group holds the names of one thing: what a member says of it takes the place of what is said beside. A
    report says something of every group, or of `either`. Raises `BadInput` for more than `MOST_REPORTS`:
    whoever sends them waits for all.
    """
    named = {name for group in groups for name in group}
    inside: dict[str, list[dict[str, Any]]] = {}
    for field, value in said.items() if depth else ():
        members = _members(field, value, named)
        found = [
            report for each in members for report in reports_in(each, *groups, either=either, depth=depth - 1)
        ]
        is_split = isinstance(value, list) or found != members
        if found and (is_split or _is_report(found[0], groups, either)):
            inside[field] = found
    if not inside:
        return [said]
    beside = {field: value for field, value in said.items() if field not in inside}
    own = [beside] if _is_report(beside, groups, either) else []
    if len(own) + sum(map(len, inside.values())) > MOST_REPORTS:
        raise BadInput(_("Send at most %(most)s at once. Nothing of it was taken."), most=MOST_REPORTS)
    return own + [
        _with_what_stands_beside(beside, each, groups) for found in inside.values() for each in found
    ]


def _members(field: str, value: Any, named: set[str]) -> list[dict[str, Any]]:
    """An object, or what stands in a list of which some object says something under a name."""
    if not isinstance(value, list):
        return [value] if isinstance(value, dict) else []
    objects = [found for each in value for found in _objects(each)]
    if not any(texts_under(each, named) for each in objects):
        return []
    return objects + [{field: each} for each in value if not isinstance(each, dict | list)]


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects that a value is or holds, also in lists of lists."""
    if isinstance(value, dict):
        return [value]
    return [found for each in value for found in _objects(each)] if isinstance(value, list) else []


def _is_report(said: dict[str, Any], groups: tuple[tuple[str, ...], ...], either: bool) -> bool:
    return (any if either else all)(bool(texts_under(said, group)) for group in groups)


def _with_what_stands_beside(
    beside: dict[str, Any], report: dict[str, Any], groups: tuple[tuple[str, ...], ...]
) -> dict[str, Any]:
    said = {name for group in groups if texts_under(report, group) for name in group}
    return {**{field: value for field, value in beside.items() if plain_name(field) not in said}, **report}


def texts_under(said: Any, names: Iterable[str]) -> list[str]:
    """Every text that is given under one of the names (as `plain_name` has them), however deep, in the order
    of the names."""
    found: dict[str, list[str]] = {}
    for name, text in leaves(said):
        found.setdefault(name, []).append(text)
    return [text for name in names for text in found.get(name, [])]


def under_names(said: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The first value that is given under one of the names, whatever their spelling, and is not empty; None
    when there is none."""
    by_name = {
        plain_name(name): value
        for name, value in reversed(list(said.items()))
        if value not in (None, "", [], {})
    }
    return next((by_name[name] for name in names if name in by_name), None)


def shortened(text: str, most: int) -> str:
    """The text, or its beginning with a digest of the whole: two long texts that begin alike stay two."""
    return (
        text if len(text) <= most else f"{text[: most - 17]}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    )
