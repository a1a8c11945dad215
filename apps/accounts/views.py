"""What everybody does with their own password, sessions and lists."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import BadInput, NotFound
from apps.core.lists import LISTS

from . import services
from .decorators import for_roles
from .pages import said
from .requests import StaffRequest
from .roles import Role

SESSION_KEY = "invitation"  # in the session, as its hash: the link's token leaves the address bar at once


@require_GET
def invitation_open(request: HttpRequest, token: str) -> HttpResponse:
    services.invited(services.hash_token(token))
    request.session[SESSION_KEY] = services.hash_token(token).hex()
    return redirect("invitation")


@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Set one's own password behind a link. Then the person signs in like everybody else, second factor included."""
    token_hash = bytes.fromhex(request.session.get(SESSION_KEY, ""))
    form = SetPasswordForm(services.invited(token_hash), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.accept_invitation(token_hash=token_hash, password=form.cleaned_data["new_password1"])
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            request.session.flush()
            messages.success(request, _("Your password is set. Sign in with it."))
            return redirect("account_login")
    return render(request, "accounts/invitation.html", {"form": form, "person": form.user})


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
