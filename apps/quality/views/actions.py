"""Corrective actions: the list, one of them, and its steps."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import record_page
from apps.campaigns import queries as campaigns
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files
from apps.ui.decorators import for_roles
from apps.ui.pages import errors_of, said

from .. import queries, services
from ..filters import ActionFilter
from ..forms import DoneForm, ReviewNoteForm
from ..models import CorrectiveAction
from ..rules.listening import clock_time

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
SHOWN = 200
OPEN, DONE, CLOSED = CorrectiveAction.State.OPEN, CorrectiveAction.State.DONE, CorrectiveAction.State.CLOSED


@for_roles(*READERS)
@require_GET
def actions(request: StaffRequest) -> HttpResponse:
    """Open ones first; an agent sees the violations found in their own calls."""
    mine = campaigns.campaigns_of(request.user)
    chosen = ActionFilter(request.GET, queryset=queries.actions_of(request.user), campaigns=mine)
    today = timezone.localdate(clock.now())
    shown = {
        "filter": chosen,
        "actions": chosen.qs[:SHOWN],
        "total": chosen.qs.count(),
        "most": SHOWN,
        "today": today,
    }
    return render(request, "quality/actions.html", shown)


@for_roles(*READERS)
@require_GET
def action(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.actions_of(request.user), pk=pk)
    violation, user = found.violation, request.user
    is_staff = user.role in STAFF
    stretch = ""
    if violation.start_ms is not None and violation.end_ms is not None:
        stretch = f"{clock_time(violation.start_ms)} – {clock_time(violation.end_ms)}"
    shown = {
        "action": found,
        "violation": violation,
        "stretch": stretch,
        "events": found.events.select_related("actor"),
        "today": timezone.localdate(clock.now()),
        "repeats": queries.repeats_of(violation.agent_id, violation.kind),
        "done_form": DoneForm() if found.state == OPEN and found.owner_id == user.pk else None,
        "check_form": ReviewNoteForm()
        if found.state == DONE and is_staff and user.pk not in {found.owner_id, violation.agent_id}
        else None,
        "reopen_form": ReviewNoteForm() if found.state == CLOSED and user.role == Role.COMPLIANCE else None,
        "owners": queries.people_who_may_own(violation.campaign_id)
        if found.state == OPEN and is_staff
        else None,
        "review": violation.review if is_staff or user.pk == violation.agent_id else None,
        "may_see_proof": bool(found.proof_file) and (is_staff or found.owner_id == user.pk),
    }
    return render(request, "quality/action.html", shown)


@for_roles(*READERS)
@require_POST
def action_step(request: StaffRequest, pk: int) -> HttpResponse:
    """`step`: done, corrected, back, reopen, move."""
    found = get_object_or_404(queries.actions_of(request.user), pk=pk)
    step = request.POST.get("step", "")
    form: Any = DoneForm(request.POST, request.FILES) if step == "done" else ReviewNoteForm(request.POST)
    if step != "move" and not form.is_valid():
        messages.error(request, errors_of(form))
        return redirect("action", pk=pk)
    said(request, lambda: _step(request, found, step, form), _("Noted."))
    return redirect("action", pk=pk)


def _step(request: StaffRequest, found: CorrectiveAction, step: str, form: Any) -> object:
    user = request.user
    if step == "done":
        cleaned = form.cleaned_data
        file = cleaned["file"].read() if cleaned["file"] else None
        return services.report_done(
            actor=user, action=found, measures=cleaned["measures"], proof=cleaned["proof"], file=file
        )
    if step == "move":
        owner = get_object_or_404(
            queries.people_who_may_own(found.violation.campaign_id), username=request.POST.get("owner", "")
        )
        return services.move_action(actor=user, action=found, owner=owner)
    note = form.cleaned_data["note"]
    if step == "reopen":
        return services.reopen(actor=user, action=found, note=note)
    return services.check_action(actor=user, action=found, is_corrected=step == "corrected", note=note)


@for_roles(*READERS)
@require_GET
def action_proof(request: StaffRequest, pk: int) -> HttpResponse:
    """The file that shows what was done. Agents do not get it: it may speak of others."""
    found = get_object_or_404(queries.actions_of(request.user).exclude(proof_file=""), pk=pk)
    if request.user.role not in STAFF and found.owner_id != request.user.pk:
        return redirect("action", pk=pk)
    record_page(request, subject=f"action:{found.pk}", purpose="proof")
    answer = HttpResponse(encrypted_files.get(found.proof_file), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="proof-{found.pk}"'
    answer["Cache-Control"] = "no-store"
    return answer
