"""The inbox, and which of its notices a person gets by e-mail."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.database.pages import page_of
from apps.ui.decorators import for_roles
from apps.ui.pages import form_page

from . import services
from .forms import MailChoiceForm
from .models import Notice


@for_roles(*Role.values)
def mail_choice(request: StaffRequest) -> HttpResponse:
    form = MailChoiceForm(request.POST or None, initial={"mode": services.mode_of(request.user)})
    return form_page(
        request, form, title=_("E-mails about what waits for you"), back=reverse("inbox"), done=_("Saved."),
        change=lambda payload: services.choose_mails(actor=request.user, **payload),
    )  # fmt: skip


@for_roles(*Role.values)
@require_GET
def inbox(request: StaffRequest) -> HttpResponse:
    page = page_of(Notice.objects.select_related("about", "recipient").filter(recipient=request.user), request.GET)
    return render(request, "notifications/inbox.html", {"page": page})


@for_roles(*Role.values)
@require_POST
def inbox_read(request: StaffRequest) -> HttpResponse:
    services.mark_read(actor=request.user)
    return redirect("inbox")
