"""The side navigation, by role: nobody sees a link that they may not follow.

What a role may follow is read from the views themselves (`for_roles`), so a link and its page
cannot disagree.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import IntegerField, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from apps.access import queries as access
from apps.access.models import Finding, PermissionAudit, ReviewItem, TemporaryGrant
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import Alarm
from apps.calls import queries as calls
from apps.contacts.models import DataSource, NumberDoubt
from apps.core.calendar import clock
from apps.notifications.queries import unread
from apps.optouts import queries as optouts
from apps.policies import queries as policies
from apps.policies.services import WARN_DAYS
from apps.quality import queries as quality
from apps.quality.models import Complaint, CorrectiveAction
from apps.rights import queries as rights
from apps.scripts.models import ScriptVersion
from apps.sharing import queries as sharing
from apps.sharing.models import Share


@dataclass(frozen=True)
class MenuLink:
    name: str
    icon: str
    label: Promise | str

    @property
    def url(self) -> str:
        return reverse(self.name)


HOME = (
    MenuLink("desk", "headset", _("Desk")),
    MenuLink("tickets", "ticket", _("Tickets")),
    MenuLink("home", "layout-dashboard", _("Overview")),
)


@dataclass(frozen=True)
class MenuGroup:
    code: str
    icon: str
    label: Promise | str
    links: tuple[MenuLink, ...]


GROUPS = (
    MenuGroup(
        "calling",
        "phone",
        _("Contacts and calls"),
        (
            MenuLink("contacts", "address-book", _("Contacts")),
            MenuLink("campaigns", "speakerphone", _("Campaigns")),
            MenuLink("sources", "database-import", _("Data sources")),
            MenuLink("purposes", "target-arrow", _("Purposes and brands")),
            MenuLink("decisions", "traffic-lights", _("Decisions")),
            MenuLink("lines", "phone-outgoing", _("Lines")),
            MenuLink("live_calls", "phone-calling", _("Live calls")),
            MenuLink("flags", "flag", _("Alerts")),
        ),
    ),
    MenuGroup(
        "clients",
        "user-heart",
        _("Clients' rights"),
        (
            MenuLink("opt_outs", "phone-off", _("Opt-outs")),
            MenuLink("scrubs", "filter-off", _("Scrub a list")),
            MenuLink("doubts", "user-question", _("Numbers in doubt")),
            MenuLink("requests", "mail-question", _("Data-subject requests")),
            MenuLink("complaints", "message-report", _("Complaints")),
            MenuLink("shares", "share", _("Sharing")),
        ),
    ),
    MenuGroup(
        "quality",
        "clipboard-check",
        _("Scripts and quality"),
        (
            MenuLink("scripts", "file-text", _("Scripts")),
            MenuLink("script_queue", "clipboard-check", _("Script review")),
            MenuLink("rules", "list-check", _("Script check rules")),
            MenuLink("recordings", "microphone", _("Recordings")),
            MenuLink("quality_reviews", "headphones", _("Call review")),
            MenuLink("actions", "tool", _("Corrective actions")),
            MenuLink("agents", "chart-line", _("Agents")),
        ),
    ),
    MenuGroup(
        "access",
        "lock-access",
        _("People and access"),
        (
            MenuLink("people", "users", _("People")),
            MenuLink("departments", "building", _("Departments")),
            MenuLink("matrix", "table", _("Rights")),
            MenuLink("grants", "hourglass", _("Temporary grants")),
            MenuLink("reviews", "checklist", _("Rights to confirm")),
            MenuLink("second_person", "user-check", _("Second person")),
            MenuLink("permission_audits", "shield-search", _("Permission audits")),
            MenuLink("alarms", "bell-ringing", _("Alarms")),
            MenuLink("trail", "list-search", _("Access log")),
        ),
    ),
    MenuGroup(
        "governance",
        "scale",
        _("Governance"),
        (
            MenuLink("evidence_packs", "file-certificate", _("Evidence packs")),
            MenuLink("incidents", "alert-octagon", _("Incidents")),
            MenuLink("incident_tasks", "checkbox", _("Tasks of incidents")),
            MenuLink("assessments", "scale", _("Impact assessments")),
            MenuLink("months", "report", _("Monthly report")),
            MenuLink("compliance_audits", "clipboard-list", _("Compliance audits")),
            MenuLink("nonconformities", "alert-triangle", _("Nonconformities")),
            MenuLink("registers", "books", _("Registers")),
        ),
    ),
    MenuGroup(
        "site",
        "settings",
        _("Policies and operation"),
        (
            MenuLink("policies", "gavel", _("Policies")),
            MenuLink("retention", "trash-x", _("Deletion")),
            MenuLink("backups", "database-export", _("Backups")),
            MenuLink("duties", "clock-check", _("Enforcement")),
            MenuLink("gateways", "router", _("Telephone gateway")),
            MenuLink("attempts", "phone-incoming", _("Dialler attempts")),
            MenuLink("api_clients", "key", _("API clients")),
            MenuLink("end_points", "webhook", _("Webhooks")),
        ),
    ),
)
LINKS = (*HOME, *(link for group in GROUPS for link in group.links))
FEW = 9  # so many links need no groups


@cache
def links_of(role: str) -> tuple[MenuLink, ...]:
    """Agents have no overview: their home is the desk, which has a link of its own."""
    allowed = (link for link in LINKS if role in getattr(resolve(link.url).func, "roles", ()))
    return tuple(link for link in allowed if link.name != "home" or role != Role.AGENT)


@cache
def groups_of(role: str) -> tuple[tuple[MenuLink, ...], tuple[MenuGroup, ...]]:
    """What stands open at the top, and the groups below it; all of it at the top where there is little."""
    allowed = links_of(role)
    if len(allowed) <= FEW:
        return allowed, ()
    groups = (
        replace(group, links=tuple(link for link in group.links if link in allowed)) for group in GROUPS
    )
    return tuple(link for link in HOME if link in allowed), tuple(group for group in groups if group.links)


def current_link(role: str, path: str) -> MenuLink | None:
    """The link under which a page stands: the one whose address is the longest beginning of its own."""
    above = [
        link
        for link in links_of(role)
        if path == link.url or (len(link.url) > 1 and path.startswith(link.url))
    ]
    return max(above, key=lambda link: len(link.url), default=None)


class CountOf(Subquery):
    """How many rows a queryset has, as a column of another."""

    template = "(select count(*) from (%(subquery)s) counted)"
    output_field = IntegerField()


_LATEST_AUDIT = PermissionAudit.objects.filter(ended_at__isnull=False).order_by("-pk").values("pk")[:1]


def _rows_waiting(user: User) -> dict[str, Sequence[QuerySet[Any]]]:
    """By the name of its link: the rows that wait for somebody of this role."""
    decides = user.role == Role.COMPLIANCE
    waiting: dict[str, Sequence[QuerySet[Any]]] = {
        "tickets": [calls.tickets_of(user).filter(closed_at__isnull=True)],
        "sources": [DataSource.objects.filter(state=DataSource.State.DRAFT)] if decides else [],
        "flags": [calls.flags_of(user).filter(closed_at__isnull=True)],
        "opt_outs": [optouts.to_judge(), optouts.open_lifts(), optouts.lists_to_decide()] if decides else [],
        "doubts": [NumberDoubt.objects.filter(state=NumberDoubt.State.OPEN)] if decides else [],
        "requests": [rights.requests_of(user).filter(closed_at__isnull=True)],
        "complaints": [quality.complaints_of(user).exclude(state=Complaint.State.CLOSED)],
        "shares": [sharing.shares_of(user).filter(state=Share.State.ASKED)] if decides else [],
        "script_queue": [ScriptVersion.objects.filter(state=ScriptVersion.State.SUBMITTED)],
        "quality_reviews": [quality.queue_of(user)],
        "actions": [quality.actions_of(user).exclude(state=CorrectiveAction.State.CLOSED)],
        "grants": [access.grants_of(user).filter(state=TemporaryGrant.State.ASKED)],
        "reviews": [access.review_items_of(user).filter(reviewer=user, verdict=ReviewItem.Verdict.OPEN)],
        "permission_audits": [
            Finding.objects.filter(state=Finding.State.OPEN, audit=Subquery(_LATEST_AUDIT))
        ],
        "second_person": access.second_person_requests(besides=user),
        "alarms": [Alarm.objects.exclude(state=Alarm.State.CLOSED)],
    }
    named = {link.name: waiting[link.name] for link in links_of(user.role) if waiting.get(link.name)}
    return {**named, "inbox": [unread(user)]}


# The list behind a link shows more than what waits: the filter that leaves what is counted.
WAITING_ALONE = {
    "sources": "state=draft", "complaints": "state=not_closed", "shares": "state=asked",
    "actions": "state=not_closed",
    "grants": "state=asked",
}  # fmt: skip


def waiting_for(user: User) -> dict[str, int]:
    """How many things wait behind each link; links behind which nothing waits are left out. One query."""
    columns = {
        f"{name}_{number}": CountOf(rows.order_by().values("pk"))
        for name, querysets in _rows_waiting(user).items()
        for number, rows in enumerate(querysets)
    }
    counted: Counter[str] = Counter()
    for column, count in User.objects.filter(pk=user.pk).values(**columns).get().items():
        counted[column.rpartition("_")[0]] += int(str(count))
    return {name: count for name, count in counted.items() if count}


@dataclass(frozen=True)
class MenuEntry:
    """A link of the menu as it stands on one page."""

    link: MenuLink
    waiting: int
    is_current: bool

    @property
    def waiting_url(self) -> str:
        """The address of what waits alone."""
        query = WAITING_ALONE.get(self.link.name)
        return f"{self.link.url}?{query}" if query else self.link.url


@dataclass(frozen=True)
class Section:
    group: MenuGroup
    entries: tuple[MenuEntry, ...]

    @property
    def waiting(self) -> int:
        return sum(entry.waiting for entry in self.entries)

    @property
    def is_open(self) -> bool:
        return any(entry.is_current for entry in self.entries)


@dataclass(frozen=True)
class Menu:
    top: tuple[MenuEntry, ...]
    sections: tuple[Section, ...]
    unread: int  # notices in the inbox

    @property
    def waiting(self) -> int:
        return sum(section.waiting for section in self.sections)


def menu(user: User, path: str) -> Menu:
    top, groups = groups_of(user.role)
    counts, current = waiting_for(user), current_link(user.role, path)

    def entries(links: Iterable[MenuLink]) -> tuple[MenuEntry, ...]:
        return tuple(MenuEntry(link, counts.get(link.name, 0), link == current) for link in links)

    return Menu(
        entries(top), tuple(Section(group, entries(group.links)) for group in groups), counts.get("inbox", 0)
    )


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
        return _(
            "Marketing calls stop on 1 January: the holiday calendar of the coming year is not entered yet."
        )
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
    shown = SimpleLazyObject(lambda: menu(user, request.path))
    return {"demo": settings.DEMO, "menu": shown, "duty": SimpleLazyObject(lambda: str(duty_today()))}
