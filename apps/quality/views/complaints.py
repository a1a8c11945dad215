"""Complaints: the list, one of them with its clock, and how a time compares with another."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.access.services import disclose
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import address_of, record_page
from apps.campaigns import queries as campaigns
from apps.core.calendar import clock
from apps.core.errors import HeguiError
from apps.ui.decorators import for_roles
from apps.ui.lists import list_of
from apps.ui.pages import errors_of, said

from .. import queries, services
from ..filters import ComplaintFilter
from ..forms import BaseForm, CallField, CloseForm, ComplaintForm, OwnBaseForm, ReviewNoteForm, ViolationForm
from ..models import BasePeriod, Complaint, Recording
from ..rules import timing
from ..tables import ComplaintTable
from .recordings import day_of

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
CALLS_OFFERED = 30  # to be linked with a complaint, the newest


@for_roles(*STAFF)
@require_GET
def complaints(request: StaffRequest) -> HttpResponse:
    mine = campaigns.campaigns_of(request.user)
    chosen = ComplaintFilter(request.GET, queryset=queries.complaints_of(request.user), campaigns=mine)
    listed = list_of(request, ComplaintTable, chosen)
    record_page(request, subject="complaints", purpose="list", count=len(listed.page.rows))
    return render(request, "quality/complaints.html", listed.context)


@for_roles(*STAFF)
def complaint_new(request: StaffRequest) -> HttpResponse:
    form = ComplaintForm(request.POST or None, initial={"call": request.GET.get("call", "")})
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        try:
            recorded = services.record_complaint(actor=request.user, **cleaned)
        except HeguiError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Recorded. What it is about is kept from deletion."))
            return redirect("complaint", pk=recorded.pk)
    return render(request, "form.html", {"form": form, "title": _("New complaint"), "back": "complaints"})


@for_roles(*STAFF)
@require_GET
def complaint(request: StaffRequest, pk: int) -> HttpResponse:
    """What the client says, and everything that belongs to it. To read it is recorded."""
    found = get_object_or_404(
        queries.complaints_of(request.user).select_related("script_version__script", "recorded_by"), pk=pk
    )
    events = list(found.events.select_related("actor"))
    record_page(request, subject=found.public_id, purpose="complaint")
    result = [(event.kind, event.created_at) for event in events]
    handled = timing.handled([*result, ("now", clock.now())])
    may_handle = request.user.role == Role.COMPLIANCE or found.owner_id == request.user.pk
    is_open = found.state != Complaint.State.CLOSED
    shown = {
        "complaint": found,
        "text": _disclosed(request, found, "text"),
        "remedy": _disclosed(request, found, "remedy") if found.remedy else "",
        "events": events,
        "handled": round(handled.total_seconds() / 3600, 1),
        "is_late": is_open and found.due_at < clock.now(),
        "recording": Recording.objects.filter(call=found.call_id).first() if found.call_id else None,
        "violations": queries.violations_of(request.user).filter(complaint=found),
        "may_handle": may_handle,
        "note_form": ReviewNoteForm() if may_handle else None,
        "close_form": CloseForm() if may_handle and is_open else None,
        "violation_form": ViolationForm(owners=queries.people_who_may_own(found.campaign_id))
        if found.agent and found.campaign_id
        else None,
        "owners": queries.people_who_may_own(found.campaign_id) if may_handle and is_open else None,
        "calls": queries.calls_to_link(request.user, found)[:CALLS_OFFERED] if may_handle and is_open else (),
        "packs": found.packs.select_related("asked_by", "decided_by"),
        "may_decide": request.user.role == Role.COMPLIANCE,
    }
    return render(request, "quality/complaint.html", shown)


def _disclosed(request: StaffRequest, found: Complaint, name: str) -> str:
    """The words, for whoever handles or reads the complaint; why not, where they may not be shown."""
    try:
        return disclose(
            actor=request.user,
            obj=found,
            field=name,
            purpose="complaint",
            reason="page",
            address=address_of(request),
        )
    except HeguiError as error:
        return str(error)


@for_roles(*STAFF)
@require_POST
def complaint_step(request: StaffRequest, pk: int) -> HttpResponse:
    """`step`: answered, note, paused, resumed, close, reopen, move, call."""
    found = get_object_or_404(queries.complaints_of(request.user), pk=pk)
    said(request, lambda: _step(request, found, request.POST.get("step", "")), _("Noted."))
    return redirect("complaint", pk=pk)


def _step(request: StaffRequest, found: Complaint, step: str) -> object:
    user = request.user
    if step == "close":
        form = _valid(CloseForm(request.POST))
        return services.close_complaint(actor=user, complaint=found, **form.cleaned_data)
    if step == "move":
        owner = get_object_or_404(
            queries.people_who_may_own(found.campaign_id), username=request.POST.get("owner", "")
        )
        return services.move_complaint(actor=user, complaint=found, owner=owner)
    if step == "call":
        try:
            call = CallField(max_length=20).clean(request.POST.get("call", ""))
        except ValidationError as error:
            raise HeguiError(" ".join(error.messages)) from None
        return services.link_call(actor=user, complaint=found, call=call) if call else found
    note = _valid(ReviewNoteForm(request.POST)).cleaned_data["note"]
    if step == "reopen":
        return services.reopen_complaint(actor=user, complaint=found, note=note)
    return services.step(actor=user, complaint=found, kind=step, note=note)


def _valid(form: Any) -> Any:
    if not form.is_valid():
        raise HeguiError(errors_of(form))
    return form


@for_roles(*STAFF)
@require_POST
def complaint_violation(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.complaints_of(request.user), pk=pk)
    form = ViolationForm(request.POST, owners=queries.people_who_may_own(found.campaign_id))
    if form.is_valid():
        cleaned = {
            name: value for name, value in form.cleaned_data.items() if name not in {"start_ms", "end_ms"}
        }
        said(
            request,
            lambda: services.open_violation(actor=request.user, complaint=found, **cleaned),
            _("The violation is recorded and its action is open."),
        )
    else:
        messages.error(request, errors_of(form))
    return redirect("complaint", pk=pk)


@for_roles(*STAFF)
@require_GET
def comparison(request: StaffRequest) -> HttpResponse:
    """Complaints and handling time of the last 30 days (or of the address's days) against a base period, with
    the arithmetic."""
    today = timezone.localdate(clock.now())
    until = day_of(request.GET.get("until", ""), today)
    since = day_of(request.GET.get("since", ""), until - timedelta(days=29))
    named = request.GET.get("base", "")
    bases = list(BasePeriod.objects.all())
    base = next((each for each in bases if str(each.pk) == named), bases[0] if bases else None)
    start, end = (clock.start_of_day(day) for day in (since, until + timedelta(days=1)))
    shown = {
        "compared": services.compared(base, start, end),
        "bases": bases,
        "since": since,
        "until": until,
        "may_write": request.user.role == Role.COMPLIANCE,
        "form": BaseForm(),
        "own_form": OwnBaseForm(),
    }
    return render(request, "quality/comparison.html", shown)


@for_roles(Role.COMPLIANCE)
@require_POST
def base_new(request: StaffRequest) -> HttpResponse:
    """A base period, typed in or (`own`) counted from our own tables."""
    is_own = "own" in request.POST
    form: Any = OwnBaseForm(request.POST) if is_own else BaseForm(request.POST)
    if not form.is_valid():
        messages.error(request, errors_of(form))
        return redirect("comparison")
    record = services.base_of_ours if is_own else services.record_base
    said(request, lambda: record(actor=request.user, **form.cleaned_data), _("Recorded."))
    return redirect("comparison")
