"""API clients: made with scopes and campaigns, exchanged with overlap, ended."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import services as accounts
from apps.accounts.models import ApiClient
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import HeguiError
from apps.notifications.services import notify
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of

from .. import services
from ..forms import ApiClientForm
from ..tables import ApiClientTable


@for_roles(Role.ADMIN)
@require_GET
def clients(request: StaffRequest) -> HttpResponse:
    rows = ApiClient.objects.select_related("owner").prefetch_related("campaigns")
    return render(request, "campaigns/clients.html", list_of(request, ApiClientTable, rows).context)


@for_roles(Role.ADMIN)
@sudo
def client_add(request: StaffRequest) -> HttpResponse:
    """The key is on the answer to this form, once, and nowhere else."""
    form = ApiClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            client, key = services.issue_client(actor=request.user, **form.cleaned_data)
        except HeguiError as error:
            form.add_error(None, str(error))
        else:
            return _key_page(request, client, key)
    return render(request, "form.html", {"form": form, "title": _("New API client"), "back": "api_clients"})


def _key_page(request: StaffRequest, client: ApiClient, key: str) -> HttpResponse:
    """The key, this once; those who may agree to one that receives numbers hear of it."""
    waits = client.key_requests.filter(accounts.open_requests()).exists()
    if waits:
        notify(accounts.deciders(request.user), "key_asked", who=str(request.user), client=str(client))
    answer = render(request, "campaigns/client_key.html", {"client": client, "key": key, "waits": waits})
    answer["Cache-Control"] = "no-store"
    return answer


@for_roles(Role.ADMIN)
@require_POST
@sudo
def client_change(request: StaffRequest, pk: int) -> HttpResponse:
    """A new key, or the end, by the button that was pressed."""
    client = get_object_or_404(ApiClient, pk=pk)
    if "rotate" in request.POST:
        client, key = accounts.rotate_client(actor=request.user, client=client)
        return _key_page(request, client, key)
    accounts.end_client(actor=request.user, client=client)
    messages.success(request, _("Ended."))
    return redirect("api_clients")
