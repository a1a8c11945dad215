"""The draft of a form goes once the form was taken."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from . import services

KEY = "draft_key"  # the field by which a form names its draft


def drop_sent(request: HttpRequest, answer: HttpResponseBase) -> None:
    """A form was taken when its answer leads to another page; one with errors is drawn again, and one that
    asks for the password first comes back: both keep the draft."""
    was_taken = answer.status_code == 302 and not answer.headers["Location"].startswith("/accounts/")
    if (
        request.method == "POST"
        and was_taken
        and request.user.is_authenticated
        and (key := request.POST.get(KEY))
    ):
        services.forget_draft(actor=request.user, key=key)


class DraftsSent:
    """`drop_sent` for every form but those that go on after the password was given, which `decorators.sudo`
    sees alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        drop_sent(request, answer)
        return answer
