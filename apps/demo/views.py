"""The demo's sign-in buttons."""

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from apps.accounts.models import User


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """The four buttons of the demo's sign-in page. There is no such page outside a demo."""
    if not settings.DEMO:
        raise Http404
    role = request.POST.get("role", "")
    user = get_object_or_404(User, username=role, role=role)
    login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
    record_authentication(request, user, method="password", reauthenticated=True)
    return redirect("home")
