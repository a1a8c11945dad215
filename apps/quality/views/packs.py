"""Evidence packs of a complaint: asked for, decided, fetched."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import address_of
from apps.core.errors import HeguiError
from apps.ui.decorators import for_roles, sudo
from apps.ui.pages import attachment_in_pieces, errors_of, said

from .. import queries, services
from ..forms import PackForm
from ..models import EvidencePack

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*STAFF)
@require_POST
def pack_ask(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.complaints_of(request.user), pk=pk)
    form = PackForm(request.POST)
    if form.is_valid():
        cleaned = form.cleaned_data
        said(
            request,
            lambda: services.ask_pack(actor=request.user, complaint=found, **cleaned),
            _("Asked for. A second person of compliance decides."),
        )
    else:
        messages.error(request, errors_of(form))
    return redirect("complaint", pk=pk)


def _pack(request: StaffRequest, pk: int) -> EvidencePack:
    return get_object_or_404(EvidencePack.objects.filter(complaint__in=queries.complaints_of(request.user)), pk=pk)


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def pack_decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Approve (the passphrase is shown this once) or refuse."""
    pack = _pack(request, pk)
    try:
        pack, passphrase = services.decide_pack(actor=request.user, pack=pack, approve="approve" in request.POST)
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("complaint", pk=pack.complaint_id)
    if not passphrase:
        return redirect("complaint", pk=pack.complaint_id)
    answer = render(request, "quality/pack_key.html", {"pack": pack, "passphrase": passphrase})
    answer["Cache-Control"] = "no-store"
    return answer


@for_roles(*STAFF)
@require_POST
@sudo
def pack_fetch(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The archive, once, for who asked."""
    pack = _pack(request, pk)
    try:
        content = services.fetch_pack(actor=request.user, pack=pack, address=address_of(request))
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("complaint", pk=pack.complaint_id)
    return attachment_in_pieces(content, name=f"{pack.public_id}.zip", kind="application/zip")
