"""What admins do with people."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.errors import BadInput, NotFound

from . import services
from .decorators import for_roles, sudo
from .forms import PersonForm
from .models import User
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
