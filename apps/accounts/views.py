"""The page behind an invitation: a person sets their own password."""

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.errors import BadInput

from . import services

SESSION_KEY = "invitation"  # in the session, as its hash: the link's token leaves the address bar at once


@require_GET
def invitation_open(request: HttpRequest, token: str) -> HttpResponse:
    services.invited(services.hash_token(token))
    request.session[SESSION_KEY] = services.hash_token(token).hex()
    return redirect("invitation")


@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Set one's own password behind a link. Then the person signs in like everybody else, second factor
    included."""
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
