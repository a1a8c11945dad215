"""Patterns of ours take ASCII digits: `\\d` takes every digit of Unicode, and made one number two people."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from apps.core.privacy import phones
from apps.optouts.rules import reading_of

ROOT = Path(__file__).resolve().parent.parent.parent
# Where every digit is wanted: what only looks like a number is masked in logs too.
WANTED = {"apps/core/privacy/logs.py"}


def test_no_pattern_takes_digits_of_other_scripts() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("apps", "config")
        for path in (ROOT / folder).rglob("*.py")
        if str(path.relative_to(ROOT)) not in WANTED
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"(?<!\\)(?:\\\\)*\\d", line) and not line.lstrip().startswith(("#", "value."))
    ]
    assert found == []


LONG = 500_000


@pytest.mark.parametrize("unit", ["a b", " ", "\n", ".0", "138 ", "(0", "不要", "，", "\t1"])
@pytest.mark.parametrize(
    "read",
    [phones.normalise, phones.normalise_line, phones.numbers_in, reading_of],
    ids=lambda each: each.__name__,
)
def test_no_reader_of_what_strangers_send_is_slower_than_its_text_is_long(
    read: Callable[[str], object], unit: str
) -> None:
    """A pattern with quadratic time would need hours for a text of this length, and the limit of a test ends
    it."""
    with suppress(phones.PhoneInvalid):
        read("a" + (unit * LONG)[:LONG] + "b")
