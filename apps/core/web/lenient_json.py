"""What other systems send, read as far as it can be read: a refusal is not lost for the form of its message."""

import hashlib
import json
from typing import Any

_MOST_DIGITS = 300


def read_json(raw: bytes) -> Any:
    """JSON in UTF-8, or in GB 18030 as older systems write it. Half surrogates become U+FFFD, so that every text can be stored; a name
    that stands twice has a list of its values. Raises ValueError for what is no JSON."""
    try:
        text = raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    return json.loads(text.removeprefix("\ufeff"), strict=False, object_pairs_hook=_object, parse_int=_whole)


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


def under_names(said: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The first value that is given under one of the names, whatever their case; None when there is none."""
    by_name = {name.lower(): value for name, value in reversed(said.items()) if value is not None}
    return next((by_name[name] for name in names if name in by_name), None)


def shortened(text: str, most: int) -> str:
    """The text, or its beginning with a digest of the whole: two long texts that begin alike stay two."""
    return text if len(text) <= most else f"{text[: most - 17]}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"
