"""Score cards, sampling plans, and what comes of them: the agents over time."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import services as accounts
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import HeguiError
from apps.core.web.ids import row_number
from apps.ui.decorators import for_roles
from apps.ui.pages import said

from .. import queries, services
from ..forms import CardForm, PlanForm, as_lines
from ..models import SamplingPlan, ScoreCardVersion
from ..rules import cards

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*STAFF)
@require_GET
def score_cards(request: StaffRequest) -> HttpResponse:
    rows = [
        (
            card,
            [
                (version, cards.read_items(version.items))
                for version in sorted(card.versions.all(), key=lambda each: -each.number)
            ],
        )
        for card in queries.cards_with_versions()
    ]
    shown = {"cards": rows, "sections": cards.SECTIONS, "may_write": request.user.role == Role.COMPLIANCE}
    return render(request, "quality/score_cards.html", shown)


@for_roles(Role.COMPLIANCE)
def score_card_new(request: StaffRequest) -> HttpResponse:
    """A new card, or with `?of=` the next version of one."""
    named = row_number(request.GET.get("of", ""))
    before = ScoreCardVersion.objects.select_related("card").filter(pk=named).first() if named else None
    initial = {}
    if before:
        card = before.card
        initial = {
            "code": card.code, "name": card.name, "trade": card.trade, "pass_mark": before.pass_mark,
            "items": as_lines(before.items)
        }  # fmt: skip
    form = CardForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.write_card(actor=request.user, **form.cleaned_data)
        except HeguiError as error:
            form.add_error("items", str(error))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Written. A second person puts it in force."))
            return redirect("score_cards")
    return render(
        request, "form.html", {"form": form, "title": _("New version of a score card"), "back": "score_cards"}
    )


@for_roles(Role.COMPLIANCE)
@require_POST
def score_card_approve(request: StaffRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(ScoreCardVersion, pk=pk)
    said(
        request,
        lambda: services.approve_card(actor=request.user, version=version),
        _("In force: reviews are made by it from now on."),
    )
    return redirect("score_cards")


@for_roles(*STAFF)
@require_GET
def plans(request: StaffRequest) -> HttpResponse:
    rows = [(plan, plan.runs.order_by("-day").first()) for plan in queries.plans()]
    return render(
        request, "quality/plans.html", {"plans": rows, "may_write": request.user.role == Role.COMPLIANCE}
    )


@for_roles(Role.COMPLIANCE)
def plan_new(request: StaffRequest) -> HttpResponse:
    form = PlanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.write_plan(actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("It chooses among the calls of each day, early the next morning."))
            return redirect("plans")
    return render(request, "form.html", {"form": form, "title": _("New sampling plan"), "back": "plans"})


@for_roles(Role.COMPLIANCE)
@require_POST
def plan_end(request: StaffRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(SamplingPlan, pk=pk)
    said(request, lambda: services.end_plan(actor=request.user, plan=plan))
    return redirect("plans")


@for_roles(*STAFF)
@require_GET
def agents(request: StaffRequest) -> HttpResponse:
    """Agents over 90 days; who did the same again stands on top."""
    rows = sorted(
        queries.agents_of(request.user),
        key=lambda row: (-row["grave"], -row["violations"], row["points"] or 0),
    )
    people = queries.agents_under(request.user)
    shown = {
        "rows": rows,
        "suspended": people.filter(suspended_at__isnull=False).select_related("suspended_by"),
        "calling": people.filter(suspended_at__isnull=True),
    }
    return render(request, "quality/agents.html", shown)


@for_roles(*STAFF)
@require_POST
def agent_suspension(request: StaffRequest) -> HttpResponse:
    """Take an agent off the telephone, with a reason, or put them back."""
    agents = queries.agents_under(request.user)
    agent = agents.filter(pk=row_number(request.POST.get("agent", "")) or 0).first()
    if agent is None:
        messages.error(request, _("Choose an agent of your campaigns."))
    elif request.POST.get("step") == "resume":
        said(
            request,
            lambda: accounts.resume(actor=request.user, agent=agent),
            _("%(agent)s may call again.") % {"agent": agent},
        )
    else:
        said(
            request,
            lambda: accounts.suspend(actor=request.user, agent=agent, reason=request.POST.get("reason", "")),
            _("%(agent)s is off the telephone.") % {"agent": agent},
        )
    return redirect("agents")
