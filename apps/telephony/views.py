"""Pages of the telephone system: trunks and diallers, calls under way, what diallers tried."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import record_page
from apps.core.calendar import clock
from apps.core.errors import HeguiError
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of
from apps.ui.pages import form_page

from . import queries, services
from .filters import AttemptFilter
from .forms import DiallerForm, TrunkForm
from .models import Dialler, Gateway, Trunk
from .tables import AttemptTable

READERS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN)
CALLERS = (Role.SUPERVISOR, Role.COMPLIANCE)
MOST_SHOWN = 200
COVERED = timedelta(days=7)


@for_roles(*READERS)
@require_GET
def gateways(request: StaffRequest) -> HttpResponse:
    """Gateways with their last report, trunks with how many of their calls were recorded, diallers with what
    they tried."""
    now = clock.now()
    shown = {
        "gateways": Gateway.objects.select_related("client").order_by("client__name"),
        "trunks": queries.coverage(now - COVERED, now).prefetch_related("lines"),
        "diallers": queries.diallers(now),
        "silent_since": now - services.watching_gateways.SILENT,
        "beside": queries.beside_gateway(now - COVERED, now).count(),
        "may_change": request.user.role == Role.ADMIN,
    }
    return render(request, "telephony/gateways.html", shown)


@for_roles(Role.ADMIN)
def trunk_new(request: StaffRequest) -> HttpResponse:
    return _trunk_form(request, None, _("New trunk"))


@for_roles(Role.ADMIN)
def trunk_edit(request: StaffRequest, pk: int) -> HttpResponse:
    return _trunk_form(request, get_object_or_404(Trunk, pk=pk), _("Change the trunk"))


def _trunk_form(request: StaffRequest, trunk: Trunk | None, title: str) -> HttpResponse:
    def change(entered: dict[str, Any]) -> Trunk:
        return services.record_trunk(actor=request.user, trunk=trunk, **entered)

    form = TrunkForm(request.POST or None, instance=Trunk.objects.get(pk=trunk.pk) if trunk else None)
    return form_page(
        request,
        form,
        title=title,
        back=reverse("gateways"),
        change=change,
        done=_("Saved. The gateway knows it at once."),
    )


@for_roles(Role.ADMIN)
def dialler_new(request: StaffRequest) -> HttpResponse:
    return _dialler_form(request, None, _("New dialler"))


@for_roles(Role.ADMIN)
def dialler_edit(request: StaffRequest, pk: int) -> HttpResponse:
    return _dialler_form(request, get_object_or_404(Dialler, pk=pk), _("Change the dialler"))


def _dialler_form(request: StaffRequest, dialler: Dialler | None, title: str) -> HttpResponse:
    def change(entered: dict[str, Any]) -> Dialler:
        return services.record_dialler(actor=request.user, dialler=dialler, **entered)

    form = DiallerForm(request.POST or None, instance=Dialler.objects.get(pk=dialler.pk) if dialler else None)
    done = _("Saved. The gateway knows it within seconds.")
    return form_page(request, form, title=title, back=reverse("gateways"), change=change, done=done)


@for_roles(Role.ADMIN)
@require_POST
@sudo
def dialler_digest(request: StaffRequest, pk: int) -> HttpResponse:
    """A new password for its digest, shown on the answer, once; or the end of the digest, by the button that
    was pressed."""
    dialler = get_object_or_404(Dialler, pk=pk)
    user = "" if "end" in request.POST else f"dialler-{dialler.public_id}"
    dialler, password = services.set_digest(actor=request.user, dialler=dialler, user=user)
    if not password:
        messages.success(request, _("From now on its addresses alone tell who it is."))
        return redirect("gateways")
    return render(request, "telephony/digest.html", {"dialler": dialler, "password": password})


@for_roles(*CALLERS)
@require_GET
def live_calls(request: StaffRequest) -> HttpResponse:
    """Calls that gateways lead now."""
    calls = list(queries.live_calls(request.user)[:MOST_SHOWN])
    record_page(request, subject="call:live", purpose="supervision", count=len(calls))
    return render(
        request, "telephony/live_calls.html", {"calls": calls, "now": clock.now(), "most": MOST_SHOWN}
    )


@for_roles(*CALLERS)
@require_POST
def live_call_end(request: StaffRequest, pk: int) -> HttpResponse:
    call = get_object_or_404(queries.live_calls(request.user), pk=pk)
    try:
        services.end_call(actor=request.user, call=call)
    except HeguiError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The gateway hangs up."))
    return redirect("live_calls")


@for_roles(*READERS)
@require_GET
def attempts(request: StaffRequest) -> HttpResponse:
    chosen = AttemptFilter(request.GET, queryset=queries.attempts(request.user))
    return render(request, "telephony/attempts.html", list_of(request, AttemptTable, chosen).context)
