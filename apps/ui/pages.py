"""What pages have in common: a change that is made or says why not, a page that is one form, a file that is
handed out."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from apps.accounts.request_types import StaffRequest
from apps.core.database.pages import PAGE
from apps.core.errors import HeguiError
from apps.core.web.ids import row_number

Row = TypeVar("Row", bound=Model)
Answer = TypeVar("Answer", bound=HttpResponseBase)


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


def for_each(
    request: StaffRequest, rows: QuerySet[Row], change: Callable[[Row], object], done: Callable[[int], str]
) -> None:
    """Make the change to each row that was picked, and say of how many it was made and why not of the others.

    Each change is by itself: one that is refused undoes no other. At most a page of rows.
    """
    picked = [number for each in request.POST.getlist("pick") if (number := row_number(each)) is not None]
    made, refused = 0, Counter[str]()
    for row in rows.filter(pk__in=picked[:PAGE]):
        try:
            change(row)
        except HeguiError as error:
            refused[str(error)] += 1
        else:
            made += 1
    if made:
        messages.success(request, done(made))
    for sentence, times in refused.items():
        messages.error(request, f"{times} × {sentence}")
    if not made and not refused:
        messages.info(request, _("Pick at least one row."))


def errors_of(form: Any) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def form_page(
    request: StaffRequest, form: Any, *, title: str, back: str, change: Callable[[dict[str, Any]], Any],
    done: str = "",
    then: Callable[[Any], str] | None = None,
) -> HttpResponse:  # fmt: skip
    """A page that is one form. `change` takes what was entered; a refusal stands above the form, with
    everything as it was typed. `back` and what `then` makes of the result are addresses."""
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
    return _to_be_saved(HttpResponse(content, content_type=kind), name)


def attachment_in_pieces(
    pieces: Iterator[bytes], *, name: str, kind: str = "application/octet-stream"
) -> StreamingHttpResponse:
    """The same for a file that is never held as a whole."""
    return _to_be_saved(StreamingHttpResponse(pieces, content_type=kind), name)


def _to_be_saved(answer: Answer, name: str) -> Answer:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def content_of(file: Any) -> dict[str, Any]:
    """The two arguments that services take for an uploaded file, or for none."""
    return {"content": file.read() if file else None, "file_name": file.name if file else ""}
