"""A campaign with its numbers, and what the gate would say of its list or under other terms."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.campaigns import queries as campaigns
from apps.campaigns.forms import AgentForm, ExceptionForm, PinForm
from apps.campaigns.lacks import lacks_in_words
from apps.campaigns.models import Campaign, QueueEntry
from apps.campaigns.views.lacks import lacks_of, may_be_changed
from apps.core.calendar import clock
from apps.core.errors import HeguiError
from apps.policies import queries as policies
from apps.policies.models import PolicyDraft
from apps.ui.decorators import for_roles

from .. import queries, services
from ..forms import WhatIfForm
from ..gate.rules import RULES
from ..models import Forecast

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
SHOWN = timedelta(days=30)


@for_roles(*READERS)
@require_GET
def campaign(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        campaigns.campaigns_of(request.user).select_related(
            "filing", "script", "pinned_version", "purpose", "approved_by", "created_by", "changed_by"
        ),
        pk=pk,
    )
    is_staff = request.user.role in STAFF
    counts = dict(found.entries.values_list("state").annotate(count=Count("pk")))
    since = clock.now() - SHOWN
    shown = {
        "campaign": found,
        "trade": policies.trade_packs(clock.now()).get(found.trade, found.trade),
        "counts": [(label, counts.get(state, 0)) for state, label in QueueEntry.State.choices],
        "agents": User.objects.filter(
            campaignuserpermission__content_object=found, campaignuserpermission__permission__codename="work"
        ),
        "agent_form": AgentForm(),
        "pin_form": PinForm(campaign=found),
        "missing": lacks_of(request.user, found),
        "paused_for": lacks_in_words(found.paused_because.split()),
        "may_change": may_be_changed(request.user, found),
        "may_run": request.user.role == Role.SUPERVISOR,
        "may_approve": request.user.role == Role.COMPLIANCE,
        "is_staff": is_staff,
        "script": found.script_in_force,
        "numbers": queries.numbers_of_campaign(found, since) if is_staff else None,
        "refusals": [
            (RULES[code], count)
            for code, count in queries.refusals_of_campaign(found, since)
            if code in RULES
        ]
        if is_staff
        else [],
        "forecast": found.forecasts.filter(kind=Forecast.Kind.LIST, job__state="done")
        .select_related("job")
        .order_by("-pk")
        .first(),
        "exceptions": found.exceptions.select_related("asked_by", "approved_by").order_by("-pk"),
        "exception_form": ExceptionForm(),
        "what_if_form": WhatIfForm(initial=_own_terms(found)),
    }
    return render(request, "campaigns/detail.html", shown)


def _own_terms(campaign: Campaign) -> dict[str, Any]:
    policy = policies.calling_policy(clock.now())
    return {
        "window_start": campaign.window_start or policy.window_start,
        "window_end": campaign.window_end or policy.window_end,
        "calls_per_week": campaign.calls_per_week or policy.calls_per_week,
    }


@for_roles(*STAFF)
@require_POST
def forecast_list(request: StaffRequest, pk: int) -> HttpResponse:
    """Start counting who of the list can be called today."""
    found = get_object_or_404(campaigns.campaigns_of(request.user), pk=pk)
    return redirect("forecast", pk=services.ask_list(actor=request.user, campaign=found).pk)


@for_roles(*STAFF)
@require_POST
def forecast_campaign(request: StaffRequest, pk: int) -> HttpResponse:
    """Start judging the campaign's past calls under the terms of the form."""
    found = get_object_or_404(campaigns.campaigns_of(request.user), pk=pk)
    form = WhatIfForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("campaign", pk=pk)
    cleaned = form.cleaned_data
    changes = {
        "window_start": cleaned["window_start"].isoformat(),
        "window_end": cleaned["window_end"].isoformat(),
        "calls_per_week": cleaned["calls_per_week"],
    }
    try:
        asked = services.ask_what_if(actor=request.user, campaign=found, changes=changes)
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("campaign", pk=pk)
    return redirect("forecast", pk=asked.pk)


@for_roles(Role.COMPLIANCE)
@require_POST
def forecast_draft(request: StaffRequest, pk: int) -> HttpResponse:
    """Start judging all past calls under a draft of a policy."""
    draft = get_object_or_404(PolicyDraft, pk=pk)
    return redirect("forecast", pk=services.ask_what_if(actor=request.user, draft=draft).pk)


@for_roles(*STAFF)
@require_GET
def forecast(request: StaffRequest, pk: int) -> HttpResponse:
    """How far it is, then what came out, by rule."""
    found = get_object_or_404(
        Forecast.objects.select_related("job", "campaign", "draft"), pk=pk, asked_by=request.user
    )
    counts = found.counts
    rows: list[tuple[Any, ...]]
    if found.kind == Forecast.Kind.LIST:
        rows = [(RULES[code], count) for code, count in counts.get("by_code", {}).items()]
    else:
        rows = [
            (rule, counts.get(f"before:{code}", 0), counts.get(f"then:{code}", 0))
            for code, rule in RULES.items()
            if f"before:{code}" in counts or f"then:{code}" in counts
        ]
    return render(
        request, "calls/forecast.html", {"forecast": found, "job": found.job, "rows": rows, "counts": counts}
    )
