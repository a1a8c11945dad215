"""The agent's desk."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from apps.access.rights import rights_of
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import record_page
from apps.campaigns.models import Campaign, QueueEntry
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.errors import BadInput, WrongState
from apps.core.web import ids
from apps.scripts import queries as scripts
from apps.scripts.models import ScriptVersion
from apps.ui.decorators import for_roles

from .. import queries, services
from ..forms import CallForm, DispositionForm
from ..models import Call
from ..services.desk import held_entry, line_for, open_call
from .wording import in_words

ASKED = "asked"  # in the address of a desk that stayed empty: it does not ask again at once


@for_roles(Role.AGENT)
@require_GET
def desk(request: StaffRequest) -> HttpResponse:
    """One screen for the whole day: a call under way, its result, or the next contact."""
    shown: dict[str, Any] = {}
    if asked := request.GET.get("decision"):
        refused = get_object_or_404(queries.decisions_of(request.user), pk=ids.decode("dc", asked))
        shown["refused"] = {"decision": refused, "reasons": in_words(refused.codes, refused.retry_at)}
    if call := open_call(request.user):
        shown |= {"call": call, "contact": call.contact, "campaign": call.campaign, "script": call.script_version}
        if call.is_over:
            shown["form"] = DispositionForm(initial={"reason": _likely_reason(call)}, campaign=call.campaign)
    elif entry := held_entry(request.user, clock.now()):
        campaign = entry.campaign
        shown |= {
            "entry": entry,
            "contact": entry.contact,
            "campaign": campaign,
            "script": campaign.script_in_force,
            "line": line_for(campaign, clock.now()),
        }
    if script := shown.get("script"):
        shown["said"] = _said(request, script, shown["campaign"], shown["contact"])
    shown["was_asked"] = ASKED in request.GET
    shown["known"] = _shown_on_desk(call, shown.get("entry"))
    if shown.get("contact"):
        record_page(request, subject=shown["contact"].public_id, purpose="call")
    return render(request, "calls/desk.html", shown)


def _said(request: StaffRequest, script: ScriptVersion, campaign: Campaign, contact: Contact | None) -> dict[str, str]:
    """The script as this agent says it to this client, whose name stays the mask that the desk shows."""
    values = {"campaign": campaign.name, "agent": request.user.display_name}
    if contact and rights_of(request.user).may("contacts.contact.name", "view_masked"):
        values["client"] = str(contact.name)
    return scripts.filled(script, values)


@for_roles(Role.AGENT)
@require_GET
def desk_state(request: StaffRequest) -> HttpResponse:
    """Asked by the desk every second: nothing while `?known=` still holds, else a word to reload."""
    call = open_call(request.user)
    entry = None if call else held_entry(request.user, clock.now())
    if request.GET.get("known") == _shown_on_desk(call, entry):
        return HttpResponse(status=204)
    return trigger_client_event(HttpResponse(), "desk-moved")


def _shown_on_desk(call: Call | None, entry: QueueEntry | None) -> str:
    """What the desk shows, in a word; when it changes, the desk is drawn anew."""
    if call:
        return f"{call.public_id}-{call.state}{'-opted-out' if call.opted_out_at else ''}"
    return f"entry-{entry.pk}" if entry else ""


def _likely_reason(call: Call) -> str:
    if call.opted_out_at:
        return "opted_out"
    return "" if call.answered_at else "not_reached"


@for_roles(Role.AGENT)
@require_POST
def desk_next(request: StaffRequest) -> HttpResponse:
    """Put the next contact on the desk. The desk asks so when it is empty, and every half minute as long as it is."""
    found = services.hold_next(actor=request.user)
    return redirect("desk" if found else f"{reverse('desk')}?{ASKED}=1")


@for_roles(Role.AGENT)
@require_POST
def desk_call(request: StaffRequest) -> HttpResponse:
    form = CallForm(request.POST)
    if not form.is_valid():
        return redirect("desk")
    try:
        answer = services.place_call(actor=request.user, **form.cleaned_data)
    except WrongState as error:
        messages.info(request, str(error))
        return redirect("desk")
    if answer.allowed:
        return redirect("desk")
    return redirect(f"{reverse('desk')}?decision={answer.decision_id}")


@for_roles(Role.AGENT)
@require_POST
def desk_end(request: StaffRequest) -> HttpResponse:
    if call := open_call(request.user):
        services.request_end(actor=request.user, call=call)
    return redirect("desk")


@for_roles(Role.AGENT)
@require_POST
def desk_opt_out(request: StaffRequest) -> HttpResponse:
    services.opt_out_on_desk(actor=request.user)
    messages.success(request, _("Opted out. This number is never called again."))
    return redirect("desk")


@for_roles(Role.AGENT)
@require_POST
def desk_skip(request: StaffRequest) -> HttpResponse:
    services.release_hold(actor=request.user)
    return redirect("desk")


@for_roles(Role.AGENT)
@require_POST
def desk_result(request: StaffRequest) -> HttpResponse:
    """Write the result; what is wrong is said beside the field, and nothing typed is lost."""
    call = open_call(request.user)
    if call is None:
        return redirect("desk")
    form = DispositionForm(request.POST, campaign=call.campaign)
    if form.is_valid():
        try:
            services.write_disposition(actor=request.user, call=call, **form.cleaned_data)
        except BadInput as error:
            form.add_error("note", str(error))
        else:
            return redirect("desk")
    shown = {"call": call, "contact": call.contact, "campaign": call.campaign, "script": call.script_version, "form": form}
    shown["said"] = _said(request, call.script_version, call.campaign, call.contact)
    return render(request, "calls/desk.html", shown)
