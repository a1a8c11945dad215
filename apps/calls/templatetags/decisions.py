"""`|rule_sentences`: what rules of the gate say when they refuse, from their codes."""

from collections.abc import Iterable

from django import template
from django.utils.functional import Promise

from ..gate.rules import RULES

register = template.Library()


@register.filter
def rule_sentences(codes: Iterable[str]) -> list[Promise | str]:
    """A rule that is no more is named by its code."""
    return [RULES[code].sentence if code in RULES else code for code in codes]
