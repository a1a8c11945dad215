"""The agent's desk."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
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
from apps.ui.pages import said

from .. import queries, services
from ..forms import CallForm, DispositionForm, PostponeForm
from ..models import Break, Call, Postponed
from ..services.desk import HOUR, break_of, held_entry, line_for, open_call
from ..services.postponing import postponed_of
from .wording import in_words

ASKED = "asked"  # in the address of a desk that stayed empty: it does not ask again at once
MOST_PUT_OFF = 500
EARLIER = 4  # calls of the client that are shown
FIELDS_OF_ERRORS = {"at": "call_back_at"}  # a call back is postponed by the same rules as a contact


@for_roles(Role.AGENT)
@require_GET
def desk(request: StaffRequest) -> HttpResponse:
    """One screen for the whole day: a call under way, its result, or the next contact."""
    refused: dict[str, Any] = {}
    if asked := request.GET.get("decision"):
        decision = get_object_or_404(queries.decisions_of(request.user), pk=ids.decode("dc", asked))
        refused = {"refused": {"decision": decision, "reasons": in_words(decision.codes, decision.retry_at)}}
    return _desk(request, was_asked=ASKED in request.GET, **refused)


def _desk(request: StaffRequest, **shown: Any) -> HttpResponse:
    """The desk as it stands; `shown` is what the page has to say besides: a form with its errors, points that
    are ticked."""
    now = clock.now()
    call = open_call(request.user)
    entry = None if call else held_entry(request.user, now)
    if call:
        shown |= {
            "call": call,
            "contact": call.contact,
            "campaign": call.campaign,
            "script": call.script_version,
        }
        if call.is_over and "form" not in shown:
            shown["form"] = _result_form(call)
    elif entry:
        campaign = entry.campaign
        shown |= {
            "entry": entry,
            "contact": entry.contact,
            "campaign": campaign,
            "script": campaign.script_in_force,
        }
        shown |= {"line": line_for(campaign, now), "postponed": Postponed.objects.filter(entry=entry).first()}
        shown.setdefault(
            "later_form", PostponeForm(initial={"entry_id": entry.pk, "at": timezone.localtime(now + HOUR)})
        )
    if script := shown.get("script"):
        shown["said"] = _said(request, script, shown["campaign"], shown["contact"])
    if contact := shown.get("contact"):
        shown["earlier"] = [
            each for each in queries.calls_of(request.user, contact)[: EARLIER + 1] if each != call
        ][:EARLIER]
        record_page(request, subject=contact.public_id, purpose="call")
    shown |= {"now": now, "known": _shown_on_desk(call, entry), "day": queries.day_of(request.user, now)}
    shown |= {
        "break": break_of(request.user),
        "breaks": Break.Kind.choices,
        "later": postponed_of(request.user).count(),
    }
    return render(request, "calls/desk.html", shown)


def _said(
    request: StaffRequest, script: ScriptVersion, campaign: Campaign, contact: Contact | None
) -> dict[str, str]:
    """The script as this agent says it to this client, whose name stays the mask that the desk shows."""
    values = {"campaign": campaign.name, "agent": request.user.display_name}
    if request.user.staff_number:
        values["staff"] = request.user.staff_number
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


def _result_form(call: Call, **typed: str) -> DispositionForm:
    """With what is likely, and what was typed already."""
    soon = timezone.localtime(clock.now() + HOUR)
    return DispositionForm(initial={"call_back_at": soon, **typed, "reason": _likely_reason(call)}, call=call)


def _likely_reason(call: Call) -> str:
    if call.opted_out_at:
        return "opted_out"
    return "" if call.answered_at else "not_reached"


@for_roles(Role.AGENT)
@require_POST
def desk_next(request: StaffRequest) -> HttpResponse:
    """Put the next contact on the desk. The desk asks so when it is empty, and every half minute as long as
    it is."""
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
    except services.Unticked as error:
        return _desk(request, unticked=str(error), ticked=form.cleaned_data["ticked"])
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
    call = open_call(request.user)
    if call is None or not call.is_over:
        return redirect("desk")
    # The page sends along what of the result was typed by then.
    typed = {name: request.POST[name] for name in DispositionForm.base_fields if name in request.POST}
    return _desk(request, form=_result_form(call, **typed), is_carried=True)


@for_roles(Role.AGENT)
@require_POST
def desk_postpone(request: StaffRequest) -> HttpResponse:
    """Put the contact off; what is wrong with the time is said beside it."""
    form = PostponeForm(request.POST)
    if form.is_valid():
        try:
            put_off = services.postpone(actor=request.user, **form.cleaned_data)
        except BadInput as error:
            form.add_error(error.form_field or "at", str(error))
        except WrongState as error:
            messages.info(request, str(error))
            return redirect("desk")
        else:
            messages.success(
                request,
                _("Comes back at %(at)s.") % {"at": date_format(timezone.localtime(put_off.at), "Y-m-d H:i")},
            )
            return redirect("desk")
    return _desk(request, later_form=form)


@for_roles(Role.AGENT)
@require_GET
def desk_later(request: StaffRequest) -> HttpResponse:
    """What the agent has put off."""
    rows = postponed_of(request.user)[:MOST_PUT_OFF]
    record_page(request, subject="queue", purpose="list", count=len(rows))
    return render(request, "calls/later.html", {"rows": rows, "now": clock.now()})


@for_roles(Role.AGENT)
@require_POST
def desk_take(request: StaffRequest, pk: int) -> HttpResponse:
    """Put one of them on the desk now."""
    mine = get_object_or_404(postponed_of(request.user), pk=pk)
    taken = said(request, lambda: services.take_up(actor=request.user, pk=mine.pk))
    return redirect("desk" if taken else "desk_later")


@for_roles(Role.AGENT)
@require_POST
def desk_break(request: StaffRequest) -> HttpResponse:
    said(request, lambda: services.begin_break(actor=request.user, kind=request.POST.get("kind", "")))
    return redirect("desk")


@for_roles(Role.AGENT)
@require_POST
def desk_break_end(request: StaffRequest) -> HttpResponse:
    services.end_break(actor=request.user)
    return redirect("desk")


@for_roles(Role.AGENT)
@require_POST
def desk_result(request: StaffRequest) -> HttpResponse:
    """Write the result; what is wrong is said beside the field, and nothing typed is lost."""
    call = open_call(request.user)
    if call is None:
        return redirect("desk")
    form = DispositionForm(request.POST, call=call)
    if form.is_valid():
        try:
            written = services.write_disposition(actor=request.user, call=call, **form.cleaned_data)
        except BadInput as error:
            form.add_error(FIELDS_OF_ERRORS.get(error.form_field, error.form_field) or "note", str(error))
        else:
            messages.success(request, _("Saved: %(result)s.") % {"result": written.get_reason_display()})
            return redirect("desk")
    return _desk(request, form=form)
