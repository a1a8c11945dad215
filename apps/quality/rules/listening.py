"""Ranges: what of a file is asked for, and what was heard of a recording. Pure."""

import re
from collections.abc import Iterable

from apps.core.errors import BadInput

Span = tuple[int, int]
MOST_BYTES = 512 * 1024  # of one answer: a player asks for the next piece when it needs it
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class RangeBeyondEnd(BadInput):
    """`size`: how many bytes the recording has, which the answer names (RFC 9110, section 15.5.17)."""

    code = "range_not_satisfiable"
    status = 416

    def __init__(self, sentence: str, size: int) -> None:
        self.size = size
        super().__init__(sentence)


def asked_range(header: str, size: int) -> Span:
    """First byte and the byte after the last that are answered, of a `Range` header (RFC 9110, section 14.2).

    One range, cut to `MOST_BYTES`; without one, the beginning. Raises `RangeBeyondEnd` for what lies beyond
    the end and for what is no range of bytes: a recording is never handed out whole.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if header and (found is None or not (found[1] or found[2])):
        raise RangeBeyondEnd("One range of bytes is answered, as in bytes=0-65535.", size)
    first, last = found.groups() if found else ("0", "")
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= size or start >= end:
        raise RangeBeyondEnd(f"The recording has {size} bytes; the range begins beyond them.", size)
    return start, min(end, start + MOST_BYTES)


def merged(spans: Iterable[Span], gap: int = 0) -> list[Span]:
    """Spans in order, without overlap; those at most `gap` apart are one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif end > start:
            joined.append((start, end))
    return joined


def length(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in merged(spans))


def clock_time(ms: int) -> str:
    """`83000` ms as `1:23`."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def in_words(spans: Iterable[Span]) -> str:
    """What was heard, for the trail: `0:00-3:20, 5:10-6:00`. Spans in ms."""
    return ", ".join(f"{clock_time(start)}-{clock_time(end)}" for start, end in merged(spans))
