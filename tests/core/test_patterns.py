"""Patterns of ours take ASCII digits: `\\d` takes every digit of Unicode, and made one number two people."""

import re
from pathlib import Path

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
