"""`|rule_sentences`: what rules of the gate say when they refuse, from their codes; `|result_key`: the key of
a call's result."""

from collections.abc import Iterable

from django import template
from django.utils.functional import Promise

from ..gate.rules import RULES
from ..models import Disposition

register = template.Library()


@register.filter
def rule_sentences(codes: Iterable[str]) -> list[Promise | str]:
    """A rule that is no more is named by its code."""
    return [RULES[code].sentence if code in RULES else code for code in codes]


@register.filter
def result_key(reason: str) -> int:
    """Always the same one, whichever results a call offers: a finger that knows it does not mean another."""
    return Disposition.Reason.values.index(reason) + 1
