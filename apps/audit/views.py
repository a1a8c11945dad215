"""Pages of the trail and of the inbox."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.decorators import for_roles
from apps.accounts.requests import StaffRequest
from apps.accounts.roles import Role
from apps.core.paging import page_of

from . import queries, services
from .filters import EventFilter
from .models import Notice
from .tables import EventTable


@for_roles(*Role.values)
@require_GET
def trail(request: StaffRequest) -> HttpResponse:
    """Who read what, when, why and from where; as far as the viewer may see."""
    filtered = EventFilter(request.GET, queryset=queries.events_of(request.user))
    page = page_of(filtered.qs, request.GET)
    return render(request, "audit/trail.html", {"table": EventTable(page.rows), "page": page, "filter": filtered})


@for_roles(*Role.values)
@require_GET
def inbox(request: StaffRequest) -> HttpResponse:
    page = page_of(Notice.objects.select_related("about").filter(recipient=request.user), request.GET)
    return render(request, "audit/inbox.html", {"page": page})


@for_roles(*Role.values)
@require_POST
def inbox_read(request: StaffRequest) -> HttpResponse:
    services.mark_read(actor=request.user)
    return redirect("inbox")
