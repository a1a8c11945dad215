"""Every page wants a signed-in person, unless its view says that it does not; sessions end when idle."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from .roles import SECOND_FACTOR_ROLES

OPEN_PREFIXES = (
    "/accounts/login/", "/accounts/logout/", "/accounts/2fa/authenticate/", "/accounts/2fa/webauthn/login/",
    "/accounts/oidc/",
    "/accounts/3rdparty/", "/api/v1/", "/static/", "/demo/sign-in/", "/i18n/", "/o/", "/my-data/", "/copy/",
    "/invitation/",
)  # fmt: skip
SEEN = "seen_at"
HTMX = "HX-Request"
POLLING = "X-Polling"  # on requests that a page makes by itself: they are no activity of the person


class SignInRequired:
    """Sends strangers to the sign-in, and ends a session that nobody used for a while."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.get(SEEN, now) > settings.SESSION_IDLE_SECONDS:
                logout(request)
                messages.info(request, _("You were signed out because nothing was done for a while."))
            elif POLLING not in request.headers and now - request.session.get(SEEN, 0) >= 60:
                request.session[SEEN] = now
        if not request.user.is_authenticated and not request.path.startswith(OPEN_PREFIXES):
            if POLLING in request.headers:
                # the page goes to the sign-in as a whole
                return HttpResponse(status=401, headers={"HX-Refresh": "true"})
            return _to_sign_in(request)
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _page_of(request: HttpRequest) -> str:
    """The page of ours that sent the request; the start where none did."""
    try:
        back = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    return (
        f"{back.path}?{back.query}".rstrip("?")
        if back.netloc == request.get_host() and back.path.startswith("/")
        else "/"
    )


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """And from there back: to this page, or to the one whose form was sent."""
    if request.method == "GET" and HTMX not in request.headers:
        return redirect_to_login(request.get_full_path())
    where = _page_of(request)
    if request.method == "POST":
        messages.warning(
            request,
            _("You were signed out: what you sent was not stored. Long forms keep what was typed in them."),
        )
    answer = redirect_to_login(where)
    if HTMX in request.headers:  # asked for in passing: the page goes to the sign-in as a whole
        return HttpResponse(headers={"HX-Redirect": answer["Location"]})
    return answer


class SecondFactorRequired:
    """Compliance and admins set up a second factor at their first sign-in, before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        demanded = (
            settings.SECOND_FACTOR_DEMANDED and user.is_authenticated and user.role in SECOND_FACTOR_ROLES
        )
        if (
            demanded
            and not request.path.startswith(("/accounts/", "/i18n/", "/static/"))
            and not _has_one(request)
        ):
            return redirect(reverse("mfa_index"))
        return self.get_response(request)


def _has_one(request: HttpRequest) -> bool:
    """Asked once a session: a factor that is taken away ends the sessions that relied on it."""
    if not request.session.get("second_factor"):
        request.session["second_factor"] = is_mfa_enabled(request.user)
    return bool(request.session["second_factor"])
