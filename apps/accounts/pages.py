"""What pages have in common: a change that is made or says why not, a page that is one form, a file that is handed out."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.core.errors import HeguiError

from .requests import StaffRequest


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


def form_page(
    request: StaffRequest, form: Any, *, title: str, back: str, change: Callable[[dict[str, Any]], Any], done: str = "",
    then: Callable[[Any], str] | None = None,
) -> HttpResponse:  # fmt: skip
    """A page that is one form. `change` takes what was entered; a refusal stands above the form, with everything as it was typed.
    `back` and what `then` makes of the result are addresses."""
    if request.method == "POST" and form.is_valid():
        try:
            made = change(form.cleaned_data)
        except HeguiError as error:
            form.add_error(None, str(error))
        else:
            if done:
                messages.success(request, done)
            return redirect(then(made) if then else back)
    return render(request, "form.html", {"form": form, "title": title, "back_to": back})


def attachment(content: bytes, *, name: str, kind: str = "application/octet-stream") -> HttpResponse:
    """A file to be saved, never shown by the browser and never kept by it."""
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def content_of(file: Any) -> dict[str, Any]:
    """The two arguments that services take for an uploaded file, or for none."""
    return {"content": file.read() if file else None, "file_name": file.name if file else ""}
