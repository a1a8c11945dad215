"""Pages of evidence packs: list, ask, decide, fetch, and the program that checks one."""

import base64
import hashlib
from pathlib import Path

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import address_of
from apps.core.crypto import signatures
from apps.core.errors import HeguiError
from apps.quality.models import EvidencePack
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of
from apps.ui.pages import attachment, attachment_in_pieces

from . import queries, services
from .filters import PackFilter
from .forms import PackForm
from .scopes import about_of
from .tables import PackTable

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
VERIFIER = Path(__file__).parent / "verify_pack.py"


@for_roles(*STAFF)
@require_GET
def evidence_packs(request: StaffRequest) -> HttpResponse:
    chosen = PackFilter(request.GET, queryset=queries.packs_of(request.user))
    prints = [
        (name, hashlib.sha256(key).hexdigest(), base64.b64encode(key).decode())
        for name, key in signatures.public_keys().items()
    ]
    return render(
        request, "evidence/list.html", {**list_of(request, PackTable, chosen).context, "prints": prints}
    )


@for_roles(*STAFF)
@sudo
def evidence_new(request: StaffRequest) -> HttpResponse:
    """`?about=`: the public id of what the pack is about. A masked pack is made at once, and its passphrase
    shown this once."""
    form = PackForm(request.POST or None, initial={"about": request.GET.get("about", "")})
    if request.method == "POST" and form.is_valid():
        try:
            pack, passphrase = services.ask_pack(actor=request.user, **form.cleaned_data)
        except HeguiError as error:
            form.add_error(None, str(error))
        else:
            return _with_key(request, pack, passphrase)
    return render(request, "evidence/new.html", {"form": form})


def _with_key(request: StaffRequest, pack: EvidencePack, passphrase: str) -> HttpResponse:
    if not passphrase:
        return redirect("evidence", pk=pack.pk)
    answer = render(request, "evidence/key.html", {"pack": pack, "passphrase": passphrase})
    answer["Cache-Control"] = "no-store"
    return answer


def _pack(request: StaffRequest, pk: int) -> EvidencePack:
    return get_object_or_404(queries.packs_of(request.user), pk=pk)


@for_roles(*STAFF)
@require_GET
def evidence(request: StaffRequest, pk: int) -> HttpResponse:
    pack = _pack(request, pk)
    state, is_mine = pack.state, pack.asked_by_id == request.user.pk
    shown = {
        "pack": pack,
        "about": about_of(pack),
        "about_url": _page_of(pack),
        "may_decide": state == EvidencePack.State.ASKED
        and request.user.role == Role.COMPLIANCE
        and not is_mine,
        "may_fetch": state == EvidencePack.State.APPROVED and is_mine,
        "is_being_made": state == EvidencePack.State.MAKING,
    }
    return render(request, "evidence/pack.html", shown)


def _page_of(pack: EvidencePack) -> str:
    """The page of what it is about, where there is one."""
    pages = {"contact": "contact", "campaign": "campaign", "complaint": "complaint"}
    key = pack.complaint_id if pack.kind == "complaint" else pack.subject_id
    return reverse(pages[pack.kind], kwargs={"pk": key}) if pack.kind in pages and key else ""


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def evidence_decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Approve (the passphrase is shown this once) or refuse."""
    pack = _pack(request, pk)
    try:
        pack, passphrase = services.decide_pack(
            actor=request.user, pack=pack, approve="approve" in request.POST
        )
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("evidence", pk=pk)
    return _with_key(request, pack, passphrase)


@for_roles(*STAFF)
@require_POST
@sudo
def evidence_fetch(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The archive, once, for who asked."""
    pack = _pack(request, pk)
    try:
        content = services.fetch_pack(actor=request.user, pack=pack, address=address_of(request))
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("evidence", pk=pk)
    return attachment_in_pieces(content, name=f"{pack.public_id}.zip", kind="application/zip")


@for_roles(*STAFF, Role.ADMIN)
@require_GET
def evidence_verifier(request: StaffRequest) -> HttpResponse:
    """The program with which anybody checks a pack."""
    return attachment(VERIFIER.read_bytes(), name="verify_pack.py", kind="text/x-python")
