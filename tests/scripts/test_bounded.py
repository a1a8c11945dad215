"""No text makes the check of scripts slow: every pattern is bounded, and what is looked at around a find
too."""

import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from apps.scripts.checking import MOST_CHARACTERS, check, shipped
from apps.scripts.checking.negation import _next_clauses
from apps.scripts.checking.normalise import Normal

GROUPS = ("patterns", "required", "denied", "cleared")
# Of messages, which are short; each runs from a bracket to the next.
OF_MESSAGES = {r"^\s*[【\[][^】\]]{2,20}[】\]]", r"[【\[][^】\]]{2,20}[】\]]\s*$"}


def unbounded(tree: Any) -> Iterator[str]:
    """The repeats of a parsed pattern that have no end."""
    for operation, argument in tree:
        if (
            operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
            and argument[1] == _constants.MAXREPEAT
        ):
            yield str(argument)
        for part in argument if isinstance(argument, list | tuple) else [argument]:
            for branch in part if isinstance(part, list) else [part]:
                if isinstance(branch, _parser.SubPattern):
                    yield from unbounded(branch)


def patterns() -> list[re.Pattern[str]]:
    return [
        pattern
        for rule in shipped().rules
        for group in (*GROUPS, "written")
        for pattern in getattr(rule, group)
    ]


def test_an_unbounded_repeat_is_seen() -> None:
    for pattern in (r"\d+天", r"a(?:b*)c", r"(a|b+)", r"x(?!y*)", r"(?:a{2,})"):
        assert list(unbounded(_parser.parse(pattern))), pattern
    assert not list(unbounded(_parser.parse(r"\d{1,6}(a|b{0,3})?")))


def test_no_pattern_repeats_without_an_end() -> None:
    """Twenty thousand zeros cost 26 seconds: each digit began the run anew."""
    found = [pattern.pattern for pattern in patterns() if list(unbounded(_parser.parse(pattern.pattern)))]
    assert set(found) <= OF_MESSAGES


class _Counted(tuple[int, ...]):
    """Clauses that count how often one is read."""

    reads = 0

    def __getitem__(self, place: Any) -> Any:
        type(self).reads += 1
        return super().__getitem__(place)


def test_what_follows_a_find_is_found_in_few_steps() -> None:
    length = 20_000
    clauses = _Counted([0] * length)
    ends = tuple(range(length))
    normal = Normal("保" * length, ends, ends, clauses, (False,) * length, ("", ""), (0,))
    assert _next_clauses(normal, 2) == ""
    assert _Counted.reads < 100


@pytest.mark.parametrize("text", ["0", "保本", "不保本，", "保证收益", "治愈3天"])
def test_a_text_of_one_thing_again_and_again_is_judged(text: str) -> None:
    assert isinstance(check((text * MOST_CHARACTERS)[:MOST_CHARACTERS]), list)
