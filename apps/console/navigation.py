"""The side navigation, by role: nobody sees a link that they may not follow.

What a role may follow is read from the views themselves (`for_roles`), so a link and its page
cannot disagree.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from apps.core.calendar import clock
from apps.notifications.queries import unread
from apps.policies import queries as policies
from apps.policies.services import WARN_DAYS


@dataclass(frozen=True)
class Link:
    name: str
    icon: str
    label: Promise | str

    @property
    def url(self) -> str:
        return reverse(self.name)


LINKS = (
    Link("desk", "headset", _("Desk")),
    Link("tickets", "ticket", _("Tickets")),
    Link("home", "layout-dashboard", _("Overview")),
    Link("contacts", "address-book", _("Contacts")),
    Link("campaigns", "speakerphone", _("Campaigns")),
    Link("scripts", "file-text", _("Scripts")),
    Link("script_queue", "clipboard-check", _("Script review")),
    Link("rules", "list-check", _("Rules of the check")),
    Link("sources", "database-import", _("Data sources")),
    Link("purposes", "target-arrow", _("Purposes and brands")),
    Link("doubts", "user-question", _("Numbers in doubt")),
    Link("opt_outs", "phone-off", _("Opt-outs")),
    Link("scrubs", "filter-off", _("Clean a list")),
    Link("decisions", "traffic-lights", _("Decisions")),
    Link("recordings", "microphone", _("Recordings")),
    Link("quality_reviews", "headphones", _("Call review")),
    Link("actions", "tool", _("Corrective actions")),
    Link("complaints", "message-report", _("Complaints")),
    Link("requests", "user-question", _("Requests of persons")),
    Link("shares", "share", _("Sharing")),
    Link("agents", "chart-line", _("Agents")),
    Link("lines", "phone-outgoing", _("Lines")),
    Link("flags", "flag", _("Alerts")),
    Link("policies", "gavel", _("Policies")),
    Link("people", "users", _("People")),
    Link("departments", "building", _("Departments")),
    Link("api_clients", "key", _("API clients")),
    Link("end_points", "webhook", _("Webhooks")),
    Link("matrix", "table", _("Rights")),
    Link("grants", "hourglass", _("Temporary grants")),
    Link("reviews", "checklist", _("Rights to confirm")),
    Link("permission_audits", "shield-search", _("Permission audits")),
    Link("alarms", "bell-ringing", _("Alarms")),
    Link("trail", "list-search", _("Access log")),
    Link("retention", "trash-x", _("Deletion")),
    Link("backups", "database-export", _("Backups")),
    Link("duties", "clock-check", _("Enforcement")),
)


@cache
def links_of(role: str) -> tuple[Link, ...]:
    return tuple(link for link in LINKS if role in getattr(resolve(link.url).func, "roles", ()))


def duty_today() -> str | Promise:
    """One line about today, for the head of every page."""
    today = timezone.localdate(clock.now())
    calendar = policies.calendar(clock.now())
    holiday = calendar.statutory_holiday(today)
    if holiday is None:
        return _("Marketing calls are off: the holiday calendar of this year is not known.")
    if holiday:
        return _("Marketing calls are off today: statutory holiday.")
    if calendar.days_until_unknown(today) <= WARN_DAYS:
        return _("Marketing calls stop on 1 January: the holiday calendar of the coming year is not entered yet.")
    policy = policies.calling_policy(clock.now())
    return _("Calling hours today: %(start)s-%(end)s where the client lives.") % {
        "start": f"{policy.window_start:%H:%M}",
        "end": f"{policy.window_end:%H:%M}",
    }


def shell(request: HttpRequest) -> dict[str, Any]:
    """What the base template shows around every page."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo": settings.DEMO}
    # Cells of tables are templates too, so what costs a query waits until it is asked for.
    count = SimpleLazyObject(lambda: unread(user))
    return {"demo": settings.DEMO, "links": links_of(user.role), "duty": SimpleLazyObject(lambda: str(duty_today())), "unread": count}
