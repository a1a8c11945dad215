"""What admins do with people, and what everybody does with their own sessions and lists."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.errors import BadInput, NotFound
from apps.core.lists import LISTS

from . import services
from .decorators import for_roles, sudo
from .forms import PersonForm
from .models import User
from .pages import said
from .requests import StaffRequest
from .roles import Role


@for_roles(Role.ADMIN)
@sudo
def person_add(request: StaffRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add_person(actor=request.user, **form.cleaned_data)
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            return redirect("person", pk=made.pk)
    return render(request, "form.html", {"form": form, "title": _("Add a person"), "back": "people"})


STEPS: dict[str, Callable[..., User]] = {
    "deactivate": services.deactivate,
    "reactivate": services.reactivate,
    "end-sessions": services.end_sessions,
}


@for_roles(Role.ADMIN)
@require_POST
@sudo
def person_change(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """Deactivate, reactivate, end the sessions, or give the role that was chosen."""
    person = get_object_or_404(User, pk=pk)
    if step == "role":
        services.change_role(actor=request.user, user=person, role=request.POST.get("role", ""))
    elif step in STEPS:
        STEPS[step](actor=request.user, user=person)
    else:
        raise NotFound()
    messages.success(request, _("Done."))
    return redirect("person", pk=pk)


@for_roles(*Role.values)
@require_POST
def own_sessions_end(request: StaffRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    services.end_sessions(actor=request.user, user=request.user)
    return redirect("account_login")


LIST_STEPS: dict[str, Callable[[StaffRequest, str], object]] = {
    "save": lambda request, list_name: services.save_filter(
        actor=request.user, list_name=list_name, name=request.POST.get("name", ""), query=request.POST.get("query", "")
    ),
    "forget": lambda request, list_name: services.forget_filter(actor=request.user, list_name=list_name, name=request.POST.get("name", "")),
    "columns": lambda request, list_name: services.choose_columns(
        actor=request.user, list_name=list_name, shown=request.POST.getlist("column")
    ),
}


@for_roles(*Role.values)
@require_POST
def list_change(request: StaffRequest, list_name: str, step: str) -> HttpResponse:
    """Save a filter of one's own, forget it, or choose the columns of a list; then back to the list as it was."""
    if list_name not in LISTS or step not in LIST_STEPS:
        raise NotFound()
    said(request, lambda: LIST_STEPS[step](request, list_name), _("Done."))
    query = services.plain_query(request.POST.get("query", ""))
    return redirect(reverse(list_name) + (f"?{query}" if query else ""))
