"""What follows from a form that was sent."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from . import services

DRAFT_KEY = "draft_key"  # the field by which a form names its draft


class DraftsSent:
    """The draft of a form goes once the form was taken: its answer leads to another page. One with errors is drawn again and keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        was_taken = answer.status_code == 302 and not answer.headers["Location"].startswith("/accounts/")
        if request.method == "POST" and was_taken and request.user.is_authenticated and (key := request.POST.get(DRAFT_KEY)):
            services.forget_draft(actor=request.user, key=key)
        return answer
