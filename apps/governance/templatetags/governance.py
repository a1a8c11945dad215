"""Points of an audit in the reader's language."""

from django import template

from apps.core.laws import LAWS, cite

from ..services.auditing_compliance import Point

register = template.Library()


@register.filter
def point_words(point: Point, what: str) -> str:
    """`subject` or `question`."""
    return point.in_words(what)


@register.filter
def point_law(point: Point) -> str:
    return cite(LAWS[point.law])
