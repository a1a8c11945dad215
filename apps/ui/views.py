"""What a person does with any list: a filter saved or forgotten, columns chosen. Drafts of forms."""

import json
from collections.abc import Callable

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import BadInput, NotFound

from . import services
from .decorators import for_roles
from .list_tables import LISTS
from .pages import said

LIST_STEPS: dict[str, Callable[[StaffRequest, str], object]] = {
    "save": lambda request, list_name: services.save_filter(
        actor=request.user,
        list_name=list_name,
        name=request.POST.get("name", ""),
        query=request.POST.get("query", ""),
    ),
    "forget": lambda request, list_name: services.forget_filter(
        actor=request.user, list_name=list_name, name=request.POST.get("name", "")
    ),
    "columns": lambda request, list_name: services.choose_columns(
        actor=request.user, list_name=list_name, shown=request.POST.getlist("column")
    ),
}


@for_roles(*Role.values)
@require_POST
def list_change(request: StaffRequest, list_name: str, step: str) -> HttpResponse:
    """Save a filter of one's own, forget it, or choose the columns of a list; then back to the list as it
    was."""
    if list_name not in LISTS or step not in LIST_STEPS:
        raise NotFound()
    said(request, lambda: LIST_STEPS[step](request, list_name), _("Done."))
    query = services.plain_query(request.POST.get("query", ""))
    return redirect(reverse(list_name) + (f"?{query}" if query else ""))


@for_roles(*Role.values)
@require_http_methods(["GET", "POST"])
def drafts(request: StaffRequest) -> HttpResponse:
    """The draft of a form, for its script: asked for by `?key=`, kept from `{"key": …, "fields": {name:
    [values]}}`."""
    if request.method == "GET":
        kept = services.draft_of(request.user, request.GET.get("key", ""))
        return JsonResponse({"fields": kept}) if kept else HttpResponse(status=204)
    try:
        sent = json.loads(request.body)
        services.keep_draft(actor=request.user, key=sent.get("key"), fields=sent.get("fields"))
    except (ValueError, AttributeError, RecursionError, BadInput):
        return HttpResponse(status=400)
    return HttpResponse(status=204)
