"""`{% value contact "phone" %}`: a protected value as far as the viewer may see it."""

from typing import Any

from django import template

from ..rights import shown_to

register = template.Library()


@register.simple_tag(takes_context=True)
def value(context: dict[str, Any], obj: Any, field: str) -> str:
    """The mask, a dash for none, nothing without the right to see the mask."""
    return shown_to(context["request"].user, obj, field)
