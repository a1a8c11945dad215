"""The page of the register."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.decorators import for_roles
from apps.accounts.requests import StaffRequest
from apps.accounts.roles import Role
from apps.core.paging import page_of

from .models import OptOut
from .tables import OptOutTable


@for_roles(Role.SUPERVISOR, Role.COMPLIANCE)
@require_GET
def opt_outs(request: StaffRequest) -> HttpResponse:
    page = page_of(OptOut.objects.select_related("recorded_by"), request.GET)
    return render(request, "optouts/list.html", {"table": OptOutTable(page.rows), "page": page})
