"""What people are told of a change: that it was made, or why not."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages

from apps.accounts.requests import StaffRequest
from apps.core.errors import HeguiError


def said(request: StaffRequest, change: Callable[[], object], done: str = "") -> bool:
    """Make the change; when it is refused, say why."""
    try:
        change()
    except HeguiError as error:
        messages.error(request, str(error))
        return False
    if done:
        messages.success(request, done)
    return True


def errors_of(form: Any) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)
