"""Our own errors become a page with their sentence; the API has its own handler and needs none of the pages' middleware."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import activate, get_language_from_request

from .errors import HeguiError

API = "/api/v1/"


class MachinesFirst:
    """Answers the API where it stands: sessions, forms, messages and content policy are for people.

    Keys are checked by the API itself, its errors are its own, and nothing it says is rendered. What is
    shown to people of the API (its page and its description) goes the way of every page.
    """

    SHOWN = (f"{API}docs", f"{API}openapi.json")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(API) or request.path_info.startswith(self.SHOWN):
            return self.get_response(request)
        request.get_host()  # refuses a host that is none of ours, as for pages
        activate(get_language_from_request(request))
        answer = self.answer(request)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    def answer(self, request: HttpRequest) -> HttpResponse:
        """What the API answers; for what it has no operation, its problem too."""
        from config import api  # the API is made of every room: known when requests come

        if "\x00" in request.path_info:  # stands in no table
            return api.not_found(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return api.not_found(request)
        request.resolver_match = match
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return api.not_allowed(request, answer.headers.get("Allow", "")) if answer.status_code == 405 else answer


class SentencesForErrors:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, HeguiError):
            return None
        return render(request, "refused.html", {"error": error}, status=error.status)
