"""`{% history thing %}`: a card that opens to what became of a thing, for who may read it."""

from typing import Any

from django import template
from django.db.models import Model
from django.template import Context

from ..history import history_of

register = template.Library()


@register.inclusion_tag("audit/_history.html", takes_context=True)
def history(context: Context, thing: Model) -> dict[str, Any]:
    return {"entries": history_of(context["request"].user, thing)}
