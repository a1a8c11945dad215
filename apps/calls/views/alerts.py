"""What went beyond a limit, who asked for a strange caller number, and the tickets that calls left."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import record_page
from apps.core.calendar import clock
from apps.core.errors import HeguiError
from apps.ui.decorators import for_roles

from .. import queries, services
from ..forms import CallNoteForm
from ..models import Flag, Ticket
from ..tables import SpoofingTable

TICKETS_SHOWN = 100
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*STAFF)
@require_GET
def flags(request: StaffRequest) -> HttpResponse:
    shown = {
        "flags": queries.flags_of(request.user)[:100],
        "note_form": CallNoteForm(),
        "may_close": request.user.role == Role.COMPLIANCE,
        "spoofing": SpoofingTable(queries.spoofing_of(request.user)[:100]),
    }
    return render(request, "calls/flags.html", shown)


@for_roles(Role.COMPLIANCE)
@require_POST
def flag_close(request: StaffRequest, pk: int) -> HttpResponse:
    flag = get_object_or_404(Flag, pk=pk)
    form = CallNoteForm(request.POST)
    try:
        services.close_flag(
            actor=request.user, flag=flag, note=form.cleaned_data["note"] if form.is_valid() else ""
        )
    except HeguiError as error:
        messages.error(request, str(error))
    return redirect("flags")


@for_roles(Role.AGENT, Role.SUPERVISOR)
@require_GET
def tickets(request: StaffRequest) -> HttpResponse:
    """One's own tickets; what is due comes first."""
    mine = list(queries.tickets_of(request.user)[:TICKETS_SHOWN])
    record_page(request, subject="ticket:list", purpose="ticket", count=len(mine))
    return render(request, "calls/tickets.html", {"tickets": mine, "today": timezone.localdate(clock.now())})


@for_roles(Role.AGENT, Role.SUPERVISOR)
@require_POST
def ticket_close(request: StaffRequest, pk: int) -> HttpResponse:
    ticket = get_object_or_404(Ticket, pk=pk, owner=request.user)
    try:
        services.close_ticket(actor=request.user, ticket=ticket)
    except HeguiError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Done."))
    return redirect("tickets")
