"""Why the gateway's question was refused, in words."""

from django import template

from ..labels import reason_of

register = template.Library()


@register.filter
def reasons(codes: list[str]) -> list[str]:
    return [reason_of(code) for code in codes]
