"""Spans of time for people: from milliseconds to days."""

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def wait(span: timedelta) -> str:
    seconds = span.total_seconds()
    if seconds < 1:
        return _("%(count)s ms") % {"count": round(seconds * 1000)}
    if seconds < 120:
        return _("%(count)s s") % {"count": round(seconds)}
    if seconds < 7200:
        return _("%(count)s min") % {"count": round(seconds / 60)}
    return _("%(count)s h") % {"count": round(seconds / 3600)}
