"""Pages of policies: what is in force, what awaits a second person, what was before."""

from datetime import datetime, time
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.alarms import RULES
from apps.core.calendar import clock
from apps.core.errors import BadInput, HeguiError, NotFound
from apps.core.laws import cite
from apps.core.wording import join_clauses, join_items
from apps.ui.decorators import for_roles, sudo

from . import queries, services
from .forms import FORMS, calendar_to_begin_with
from .models import AlarmPolicy, PolicyDraft, PolicyVersion, TradePack

EARLIER = 30  # versions that are shown

READERS = (Role.COMPLIANCE, Role.ADMIN)


def lines_of(version: PolicyVersion) -> list[tuple[str, Any]]:
    """What a version says: the labels of its own fields, and their values."""
    if isinstance(version, AlarmPolicy):
        return [
            (str(rule.asks), version.thresholds.get(code, rule.default))
            for code, rule in sorted(RULES.items())
            if rule.most > 1
        ]
    known = {"id", "created_at", "number", "in_force_from", "reason", "written_by", "approved_by"}
    if isinstance(version, TradePack):
        known.add("trade")  # its name says it
    fields = [field for field in version._meta.concrete_fields if field.name not in known]
    return [
        (str(field.verbose_name), str(version) if field.name == "name" else _shown(version, field))
        for field in fields
    ]


def _shown(version: PolicyVersion, field: Any) -> Any:
    return (
        getattr(version, f"get_{field.name}_display")()
        if field.choices
        else _in_words(getattr(version, field.name))
    )


def _in_words(value: Any) -> Any:
    if isinstance(value, dict):
        return join_clauses(f"{day} {name}" for day, name in value.items())
    if isinstance(value, list):
        return join_items(value) or "–"
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, str):
        return cite(value) or "–"  # the law of a trade pack; what cites none stays as it is
    return value


@for_roles(*READERS)
@require_GET
def policies(request: StaffRequest) -> HttpResponse:
    """Every policy: its versions, newest first, and which is in force."""
    now = clock.now()
    known = queries.calendar(now)
    shown = {
        "kinds": [_section(kind, str(label), now) for kind, label in PolicyDraft.Kind.choices],
        "drafts": PolicyDraft.objects.filter(state=PolicyDraft.State.OPEN).select_related("written_by"),
        "last_year": known.last_known_year,
        "next_year": known.last_known_year + 1,
        "days_left": known.days_until_unknown(timezone.localdate(now)),
        "warn_days": services.WARN_DAYS,
        "may_write": request.user.role == Role.COMPLIANCE,
    }
    return render(request, "policies/list.html", shown)


def _section(kind: str, label: str, now: datetime) -> dict[str, Any]:
    """What is in force and what comes, of each thing that a version is for, by its name; and the last earlier
    versions."""
    every = queries.MODELS[kind]._default_manager.select_related("written_by", "approved_by")
    one_for = {"calendar": "year", "trade": "trade", "retention": "data_class"}.get(kind)
    begun = every.filter(in_force_from__lte=now)
    in_force = list(
        begun.order_by(one_for, "-number").distinct(one_for) if one_for else begun.order_by("-number")[:1]
    )
    coming = list(every.filter(in_force_from__gt=now).order_by("number"))
    rows: list[dict[str, Any]] = [
        {
            "version": version,
            "of": _for_what(version, one_for),
            "lines": lines_of(version),
            "is_in_force": version in in_force,
        }
        for version in [*in_force, *coming]
    ]
    older = every.exclude(pk__in=[version.pk for version in [*in_force, *coming]]).order_by("-number")[
        :EARLIER
    ]
    return {
        "kind": kind,
        "label": label,
        "rows": sorted(rows, key=lambda row: str(row["of"]), reverse=kind == "calendar"),
        "is_table": len(rows) > 2,
        "older": [
            {"version": each, "of": _for_what(each, one_for), "lines": lines_of(each), "is_in_force": False}
            for each in older
        ],
    }


def _for_what(version: PolicyVersion, one_for: str | None) -> str:
    """The year, trade or class of data that a version is for; "" where one is for all."""
    if one_for is None or isinstance(version, TradePack):
        return str(version) if one_for else ""
    return str(_shown(version, version._meta.get_field(one_for)))


@for_roles(Role.COMPLIANCE)
def policy_new(request: StaffRequest, kind: str) -> HttpResponse:
    """Write a draft, beginning with what is in force."""
    if kind not in FORMS:
        raise NotFound()
    latest = (
        queries.MODELS[kind]._default_manager.order_by("number").last()
        if kind in {"calling", "measures"}
        else None
    )
    initial = (
        calendar_to_begin_with(queries.calendar(clock.now()).last_known_year + 1)
        if kind == "calendar"
        else {}
    )
    form = FORMS[kind](request.POST or None, instance=latest, initial=initial)
    if request.method == "POST" and form.is_valid():
        starts_on = form.cleaned_data["starts_on"]
        begins = timezone.make_aware(datetime.combine(starts_on, time())) if starts_on else None
        try:
            draft = services.write_draft(
                actor=request.user,
                kind=kind,
                values=form.values(),
                reason=form.cleaned_data["reason"],
                in_force_from=begins,
            )
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Written. Somebody else of compliance has to approve it."))
            return redirect("policy_draft", pk=draft.pk)
    return render(request, "form.html", {"form": form, "title": services.title_of(kind), "back": "policies"})


@for_roles(*READERS)
@require_GET
def policy_draft(request: StaffRequest, pk: int) -> HttpResponse:
    draft = get_object_or_404(PolicyDraft.objects.select_related("written_by", "decided_by"), pk=pk)
    version = services.version_of(draft)
    shown = {
        "draft": draft,
        "compared": _compared(_before(draft), version),
        "may_decide": request.user.role == Role.COMPLIANCE
        and draft.state == "open"
        and draft.written_by_id != request.user.pk,
        "may_simulate": request.user.role == Role.COMPLIANCE
        and draft.state == "open"
        and draft.kind in {"calling", "calendar", "trade"},
    }
    return render(request, "policies/draft.html", shown)


class Compared(NamedTuple):
    """One value of a draft beside the one in force (None: there is none)."""

    label: str
    before: Any
    after: Any

    @property
    def is_changed(self) -> bool:
        return self.before is not None and str(self.before) != str(self.after)


def _compared(before: PolicyVersion | None, after: PolicyVersion) -> list[Compared]:
    known = dict(lines_of(before)) if before else {}
    return [Compared(label, known.get(label), value) for label, value in lines_of(after)]


def _before(draft: PolicyDraft) -> PolicyVersion | None:
    """What is in force where the draft would be."""
    rows = queries.MODELS[draft.kind]._default_manager.filter(in_force_from__lte=draft.in_force_from)
    same = {name: draft.values[name] for name in ("year", "trade", "data_class") if name in draft.values}
    return rows.filter(**same).order_by("number").last()


DECISIONS = {"approve": services.approve_draft, "refuse": services.refuse_draft}


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def policy_decide(request: StaffRequest, pk: int, verdict: str) -> HttpResponse:
    draft = get_object_or_404(PolicyDraft, pk=pk)
    if verdict not in DECISIONS:
        raise NotFound()
    try:
        DECISIONS[verdict](actor=request.user, draft=draft)
    except HeguiError as error:
        messages.error(request, str(error))
    return redirect("policy_draft", pk=pk)
