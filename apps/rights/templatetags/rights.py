"""What pages of requests need."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def at(told: Mapping[Any, Any], key: Any) -> Any:
    """The value of a key that only the template knows; "" when there is none."""
    return told.get(key, "")
