"""Campaigns: made, moved on, staffed."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.access import services as access
from apps.access.field_rights import CAMPAIGN_RIGHTS
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import BadInput, FourEyes, HeguiError, NotFound
from apps.core.web.ids import row_number
from apps.policies import queries as policies
from apps.ui.decorators import for_roles
from apps.ui.lists import list_of
from apps.ui.pages import said

from .. import queries, services
from ..filters import CampaignFilter
from ..forms import AgentForm, CampaignForm, CampaignGrantForm, PinForm
from ..models import Campaign
from ..tables import CampaignTable
from .lacks import may_be_changed

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*READERS)
@require_GET
def campaigns(request: StaffRequest) -> HttpResponse:
    chosen = CampaignFilter(request.GET, queryset=queries.campaigns_of(request.user))
    shown = {
        **list_of(request, CampaignTable, chosen, trades=policies.trade_names()).context,
        "may_write": request.user.role == Role.SUPERVISOR,
    }
    return render(request, "campaigns/list.html", shown)


@for_roles(Role.SUPERVISOR)
def campaign_new(request: StaffRequest) -> HttpResponse:
    form = CampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        made = services.create_campaign(actor=request.user, lines=fields.pop("lines"), **fields)
        return redirect("campaign", pk=made.pk)
    return render(request, "form.html", {"form": form, "title": _("New campaign"), "back": "campaigns"})


@for_roles(Role.SUPERVISOR)
def campaign_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change a draft; an approved or paused campaign becomes a draft by it and is approved anew."""
    found = get_object_or_404(queries.campaigns_of(request.user), pk=pk)
    if not may_be_changed(request.user, found):
        messages.error(
            request,
            _("A campaign that runs or awaits approval is not changed. Pause it, or have it sent back."),
        )
        return redirect("campaign", pk=pk)
    form = CampaignForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        unchanged = Campaign.objects.get(pk=pk)  # the form has written into the other
        if said(
            request,
            lambda: services.change_campaign(
                actor=request.user, campaign=unchanged, lines=fields.pop("lines"), **fields
            ),
            _("Saved as a draft."),
        ):
            return redirect("campaign", pk=pk)
    note = ""
    if found.was_approved:
        note = _(
            "This campaign was approved. Saving makes it a draft that compliance approves anew; until then "
            "nobody is called for it."
        )
    shown = {"form": form, "title": _("Change the campaign"), "save": _("Save"), "note": note}
    return render(request, "form.html", {**shown, "back_to": reverse("campaign", kwargs={"pk": pk})})


STEPS: dict[str, Callable[..., Campaign]] = {
    "submit": services.submit_campaign,
    "send-back": services.send_back_campaign,
    "approve": services.approve_campaign,
    "run": services.run_campaign,
    "pause": services.pause_campaign,
    "end": services.end_campaign,
}


@for_roles(*STAFF)
@require_POST
def campaign_move(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    found = get_object_or_404(queries.campaigns_of(request.user), pk=pk)
    if step not in STEPS:
        raise NotFound()
    try:
        read = {"revision": row_number(request.POST.get("revision", "")) or 0} if step == "approve" else {}
        STEPS[step](actor=request.user, campaign=found, **read)
    except (BadInput, FourEyes) as error:
        messages.error(request, str(error))
    return redirect("campaign", pk=pk)


@for_roles(Role.SUPERVISOR)
@require_POST
def campaign_agent(request: StaffRequest, pk: int) -> HttpResponse:
    """Assign an agent, or release the one named by the button."""
    found = get_object_or_404(queries.campaigns_of(request.user), pk=pk)
    form = AgentForm(request.POST)
    if form.is_valid():
        change = services.release_agent if "release" in request.POST else services.assign_agent
        change(actor=request.user, campaign=found, agent=form.cleaned_data["agent"])
    return redirect("campaign", pk=pk)


@for_roles(Role.SUPERVISOR)
@require_POST
def campaign_pin(request: StaffRequest, pk: int) -> HttpResponse:
    """Pin a version of the script, or take the pin out."""
    found = get_object_or_404(queries.campaigns_of(request.user), pk=pk)
    form = PinForm(request.POST, campaign=found)
    if form.is_valid():
        services.pin_version(actor=request.user, campaign=found, version=form.cleaned_data["version"])
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("campaign", pk=pk)


@for_roles(Role.AGENT, Role.SUPERVISOR)
def campaign_grant_ask(request: StaffRequest) -> HttpResponse:
    """Ask for a while in a campaign: to work it as an agent, to run it as a supervisor."""
    form = CampaignGrantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = dict(form.cleaned_data)
        campaign = asked.pop("campaign")
        try:
            access.ask_grant(
                actor=request.user, beneficiary=request.user, right=CAMPAIGN_RIGHTS[request.user.role],
                campaign_id=campaign.pk,
                campaign_name=campaign.name, **asked,
            )  # fmt: skip
        except HeguiError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Asked. Another person has to approve it."))
            return redirect("grants")
    return render(
        request, "form.html", {"form": form, "title": _("Ask for a campaign for a while"), "back": "grants"}
    )
