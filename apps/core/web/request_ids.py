"""The number of a request: in every line of the log that it causes, in tasks that it sends, in its answer and
on its error page."""

import re
import secrets
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
_TAKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")


def current() -> str:
    """The number of the request or task under way; "" outside of any."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


class NumbersRequests:
    """Takes the number that a trusted proxy gave, or makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        number = given if _TAKEN.fullmatch(given) else secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(request_id=number):
            answer = self.get_response(request)
        answer[HEADER] = number
        return answer


def give_to_task(headers: dict[str, Any], **kwargs: Any) -> None:
    """On `before_task_publish`: the task knows which request sent it."""
    if number := current():
        headers["request_id"] = number


def take_from_task(task: Any, task_id: str, **kwargs: Any) -> None:
    """On `task_prerun`."""
    given = getattr(task.request, "request_id", None) or (getattr(task.request, "headers", None) or {}).get(
        "request_id"
    )
    structlog.contextvars.bind_contextvars(request_id=given or task_id, task=task.name)


def forget_task(**kwargs: Any) -> None:
    """On `task_postrun`: the next task of the process is another."""
    structlog.contextvars.unbind_contextvars("request_id", "task")
