"""`|rule_names`: what rules of the gate are called, from their codes."""

from collections.abc import Iterable

from django import template
from django.utils.functional import Promise

from ..gate.rules import RULES

register = template.Library()


@register.filter
def rule_names(codes: Iterable[str]) -> list[Promise | str]:
    """A rule that is no more is called by its code."""
    return [RULES[code].name if code in RULES else code for code in codes]
