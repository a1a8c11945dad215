"""Lists inside sentences, moments and zones, in the reader's language."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from .calendar import clock


def join_items(values: Iterable[object]) -> str:
    """Words or names: `a, b` in English, `a、b` in Chinese."""
    return pgettext("between the items of a list", ", ").join(map(str, values))


def join_clauses(values: Iterable[object]) -> str:
    """Clauses that may hold commas themselves: `a; b` in English, `a；b` in Chinese."""
    return pgettext("between clauses", "; ").join(map(str, values))


_ZONES = {"Asia/Shanghai": _("Beijing time"), "Asia/Urumqi": _("Xinjiang time")}


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, or how long until, in one unit: minutes, hours or days; the day itself beyond 30 days."""
    seconds = (moment - now).total_seconds()
    minutes = round(abs(seconds) / 60)
    if minutes < 1:
        return gettext("just now") if seconds <= 0 else gettext("within a minute")
    if minutes < 60:
        count, past = minutes, ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes)
        ahead = ngettext("in %(count)s minute", "in %(count)s minutes", minutes)
    elif minutes < 24 * 60:
        count = round(minutes / 60)
        past = ngettext("%(count)s hour ago", "%(count)s hours ago", count)
        ahead = ngettext("in %(count)s hour", "in %(count)s hours", count)
    elif minutes <= 30 * 24 * 60:
        count = round(minutes / (24 * 60))
        past = ngettext("%(count)s day ago", "%(count)s days ago", count)
        ahead = ngettext("in %(count)s day", "in %(count)s days", count)
    else:
        return f"{timezone.localtime(moment):%Y-%m-%d}"
    return (past if seconds <= 0 else ahead) % {"count": count}


def when(moment: datetime | None) -> str:
    """A moment as pages show it: how long ago, with the exact time and its zone on hover."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    exact = f"{local:%Y-%m-%d %H:%M} {zone_in_words(timezone.get_current_timezone_name())}"
    return format_html(
        '<time class="text-nowrap" datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        exact,
        ago(moment, clock.now()),
    )


def zone_in_words(name: str) -> str:
    """China's zones by the names that people use, any other by its name in the IANA database."""
    return str(_ZONES.get(name, name))
