"""Our own errors become a page with their sentence; the API has its own handler and needs none of the pages'
middleware."""

import sys
import time
from collections.abc import Callable

import structlog
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.urls import Resolver404, resolve
from django.utils.translation import activate, get_language_from_request
from django.utils.translation import gettext as _

from ..database.availability import is_away
from ..errors import HeguiError, ServiceAway
from . import request_ids
from .health import HealthState
from .probes import schema_fits

log = structlog.get_logger(__name__)
MACHINES = "/api/"
API = f"{MACHINES}v1/"
PAUSE = 1.0  # seconds between two looks at the tables
RETRY = 5  # seconds


class MachinesFirst:
    """Answers the API where it stands: sessions, forms, messages and content policy are for people.

    Keys are checked by the API itself, its errors are its own, and nothing it says is rendered. What is
    shown to people of the API (its page and its description) goes the way of every page.
    """

    SHOWN = (f"{API}docs", f"{API}openapi.json")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        shown = request.path_info.startswith(self.SHOWN)
        if not request.path_info.startswith(MACHINES) or (shown and request.method in {"GET", "HEAD"}):
            return self.get_response(request)
        activate(get_language_from_request(request))
        try:
            request.get_host()  # refuses a host that is none of ours, as for pages
        except DisallowedHost:
            return self.of_another_host()
        answer = self.answer(request)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    @staticmethod
    def of_another_host() -> HttpResponse:
        from config import api

        return api.problem(400, "bad_request", str(_("This site is not known under this name.")))

    def answer(self, request: HttpRequest) -> HttpResponse:
        """What the API answers; for what it has no operation, its problem too."""
        from config import api  # the API is made of every room: known when requests come

        if request.path_info.startswith(self.SHOWN):
            return api.not_allowed(request, "GET, HEAD")
        # stands in no table; is of no version that there is
        if "\x00" in request.path_info or not request.path_info.startswith(API):
            return api.not_found(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return api.not_found(request)
        if match.url_name == "api-root":
            return api.not_found(request)
        request.resolver_match = match
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return (
            api.not_allowed(request, answer.headers.get("Allow", "")) if answer.status_code == 405 else answer
        )


class SchemaFirst:
    """Answers nothing while the database lacks what this version works with: a new version beside an old
    database says so with 503 until somebody migrates, and then goes on by itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.fits = False
        self.asked_at = -PAUSE

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self.fits and (sentence := self._lacks()):
            return unavailable(request, sentence)
        return self.get_response(request)

    def _lacks(self) -> str:
        if time.monotonic() - self.asked_at < PAUSE:
            return str(ServiceAway.sentence)
        try:
            outcome = schema_fits()
        except DatabaseError:  # whoever asks it next says so
            return ""
        self.fits = outcome.state == HealthState.WELL
        self.asked_at = -PAUSE if self.fits else time.monotonic()
        if not self.fits:
            log.error("schema_does_not_fit", said=str(outcome.said))
        return "" if self.fits else f"{outcome.said}"


def unavailable(request: HttpRequest, sentence: str) -> HttpResponse:
    """503 with Retry-After: a problem for programs, a plain page for people, which needs no database to be
    drawn."""
    if request.path_info.startswith(MACHINES):
        from config.api import problem

        answer = problem(503, "service_away", sentence)
    else:
        answer = HttpResponse(loader.render_to_string("away.html", {"sentence": sentence}), status=503)
        answer["Refresh"] = str(2 * RETRY)  # browsers ask again by themselves
    answer["Retry-After"] = str(RETRY)
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: what is away is 503, all else 500 with the number that the log has too."""
    error = sys.exc_info()[1]
    if is_away(error):
        return unavailable(request, str(ServiceAway.sentence))
    if request.path_info.startswith(MACHINES):
        from config.api import unforeseen

        return unforeseen()
    return HttpResponse(loader.render_to_string("500.html", {"number": request_ids.current()}), status=500)


class SentencesForErrors:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if answer.status_code == 405 and not answer.content and request.method == "GET":
            page = render(request, "405.html", status=405)
            page["Allow"] = answer["Allow"]
            return page
        return answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, HeguiError):
            return None
        return render(request, "refused.html", {"error": error}, status=error.status)
