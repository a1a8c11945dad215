"""What other systems send, read as far as it can be read: a refusal is not lost for the form of its
message."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, model_validator

from ..privacy.canonical_text import even

MOST_DEPTH = 6
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
        return {ITEMS: body} if isinstance(body, list) else body


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
    return _object([(name, value) for name, value in pairs])


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


def items_of(said: dict[str, Any]) -> list[dict[str, Any]]:
    """The bodies that stand in one: the objects of a list, else the body itself."""
    items = said.get(ITEMS)
    return [each for each in items if isinstance(each, dict)] or [said] if isinstance(items, list) else [said]


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
