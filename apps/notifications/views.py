"""How a person wants to be told."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.requests import StaffRequest
from apps.accounts.roles import Role
from apps.ui.decorators import for_roles
from apps.ui.pages import form_page

from . import services
from .forms import MailChoiceForm


@for_roles(*Role.values)
def mail_choice(request: StaffRequest) -> HttpResponse:
    form = MailChoiceForm(request.POST or None, initial={"mode": services.mode_of(request.user)})
    return form_page(
        request, form, title=_("E-mails about what waits for you"), back=reverse("inbox"), done=_("Saved."),
        change=lambda told: services.choose_mails(actor=request.user, **told),
    )  # fmt: skip
