"""`{% value contact "phone" %}`: a protected value as far as the viewer may see it."""

from typing import Any

from django import template

from ..rights import rights_of

register = template.Library()


@register.simple_tag(takes_context=True)
def value(context: dict[str, Any], obj: Any, field: str) -> str:
    """The mask, a dash for none, nothing without the right to see the mask."""
    name = f"{obj._meta.label_lower}.{field}"
    if not rights_of(context["request"].user).may(name, "view_masked"):
        return ""
    held = getattr(obj, field)
    return str(held) if held else "–"
