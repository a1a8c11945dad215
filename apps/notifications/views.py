"""The inbox, and which of its notices a person gets by e-mail."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.database.pages import PAGE, page_of
from apps.core.web.ids import row_number
from apps.ui.decorators import for_roles
from apps.ui.pages import form_page

from . import queries, services
from .forms import MailChoiceForm


@for_roles(*Role.values)
def mail_choice(request: StaffRequest) -> HttpResponse:
    form = MailChoiceForm(request.POST or None, initial={"mode": services.mode_of(request.user)})
    return form_page(
        request, form, title=_("E-mails about what waits for you"), back=reverse("inbox"), done=_("Saved."),
        change=lambda payload: services.choose_mails(actor=request.user, **payload),
    )  # fmt: skip


SHOWN = {
    "open": pgettext_lazy("notices of the inbox", "open"),
    "done": pgettext_lazy("notices of the inbox", "done"),
}
KINDS = {
    "urgent": gettext_lazy("urgent"),
    "waits": gettext_lazy("waits for you"),
    "news": gettext_lazy("for your information"),
}


@for_roles(*Role.values)
@require_GET
def inbox(request: StaffRequest) -> HttpResponse:
    """What is open, unless `?show=done`; of one `?kind=`, or of all."""
    show, kind = request.GET.get("show", ""), request.GET.get("kind", "")
    show, kind = show if show in SHOWN else "open", kind if kind in KINDS else ""
    page = page_of(queries.inbox(request.user, show=show, kind=kind), request.GET)
    rows = [(notice, queries.kind_of(notice.code)) for notice in page.rows]
    shown = {"page": page, "rows": rows, "show": show, "kind": kind, "shows": SHOWN, "kinds": KINDS}
    return render(request, "notifications/inbox.html", shown)


@for_roles(*Role.values)
@require_POST
def inbox_done(request: StaffRequest) -> HttpResponse:
    """Those that were picked are done, or with `undo` open again; what was done can be taken back at once."""
    picked = [
        number for each in request.POST.getlist("pick")[:PAGE] if (number := row_number(each)) is not None
    ]
    is_undo = "undo" in request.POST
    count = services.mark_done(actor=request.user, notices=picked, done=not is_undo)
    if not count:
        messages.info(request, _("Pick at least one row."))
    elif is_undo:
        messages.success(request, _("Open again."))
    else:
        messages.success(
            request, render_to_string("notifications/_done.html", {"picked": picked, "count": count}, request)
        )
    return redirect("inbox")


@for_roles(*Role.values)
@require_POST
def inbox_read(request: StaffRequest) -> HttpResponse:
    services.mark_read(actor=request.user)
    return redirect("inbox")
