"""What pages of requests need."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def at(payload: Mapping[Any, Any], key: Any) -> Any:
    """The value of a key that only the template knows; "" when there is none."""
    return payload.get(key, "")
