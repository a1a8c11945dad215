"""Pages of sharing between departments."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.access.ports import assessing
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import address_of, record_page
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files
from apps.core.database.pages import page_of
from apps.core.errors import HeguiError, NotFound
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of
from apps.ui.pages import attachment, attachment_in_pieces, content_of, form_page, said

from . import queries, services
from .filters import ShareFilter
from .forms import ShareForm
from .models import Share
from .tables import ShareTable

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


def _share(request: StaffRequest, pk: int) -> Share:
    return get_object_or_404(queries.shares_of(request.user), pk=pk)


@for_roles(*STAFF)
@require_GET
def shares(request: StaffRequest) -> HttpResponse:
    chosen = ShareFilter(request.GET, queryset=queries.shares_of(request.user))
    return render(request, "sharing/list.html", list_of(request, ShareTable, chosen).context)


@for_roles(*STAFF)
def share_new(request: StaffRequest) -> HttpResponse:
    form = ShareForm(request.POST or None, request.FILES or None, viewer=request.user)
    return form_page(
        request, form, title=_("Ask for a share"), back=reverse("shares"),
        done=_("Asked. Compliance has been notified."),
        change=lambda payload: services.ask_share(
            actor=request.user, campaign=payload["campaign"], fields=payload["fields_wanted"],
            form=payload["form"],
            is_clear=payload.get("is_clear", False), purpose=payload["purpose"],
            agreement=payload["agreement"], ends_on=payload["ends_on"],
            **content_of(payload["file"]),
        ),
        then=lambda made: reverse("share", kwargs={"pk": made.pk}),
    )  # fmt: skip


@for_roles(*STAFF)
@require_GET
def share(request: StaffRequest, pk: int) -> HttpResponse:
    found = _share(request, pk)
    is_mine = found.asked_by_id == request.user.pk
    shown = {
        "share": found,
        "may_look": is_mine
        and found.state == Share.State.APPROVED
        and found.ends_on >= timezone.localdate(clock.now()),
        "may_decide": request.user.role == Role.COMPLIANCE
        and not is_mine
        and found.state == Share.State.ASKED,
        "may_withdraw": found.state in {Share.State.ASKED, Share.State.APPROVED}
        and (is_mine or request.user.role == Role.COMPLIANCE),
        "lacks_assessment": found.state == Share.State.ASKED and assessing.provider.is_missing(found),
        **services.facts_of(found),
    }
    return render(request, "sharing/share.html", shown)


@for_roles(*STAFF)
@require_POST
def share_step(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """`approve` and `refuse` by compliance, `withdraw` by who asked too."""
    found, reason, user = _share(request, pk), request.POST.get("reason", ""), request.user
    if step in {"approve", "refuse"}:
        said(
            request,
            lambda: services.decide_share(actor=user, share=found, approve=step == "approve", reason=reason),
        )
    elif step == "withdraw":
        done = _("Withdrawn: nothing of it is shown any more.")
        said(request, lambda: services.withdraw_share(actor=user, share=found, reason=reason), done)
    else:
        raise NotFound()
    return redirect("share", pk=pk)


@for_roles(*STAFF)
@require_GET
def share_agreement(request: StaffRequest, pk: int) -> HttpResponse:
    found = _share(request, pk)
    record_page(request, subject=found.public_id, purpose="agreement")
    return attachment(encrypted_files.get(found.agreement_file), name=f"agreement-{found.public_id}")


@for_roles(*STAFF)
@require_GET
def share_look(request: StaffRequest, pk: int) -> HttpResponse:
    """The shared fields, a page at a time, under a watermark; each page is in the trail."""
    found = _share(request, pk)
    page = page_of(queries.entries_of(found), request.GET)
    shown = services.look(viewer=request.user, share=found, entries=page.rows, address=address_of(request))
    rows = [list(zip(found.field_labels, row, strict=True)) for row in shown]
    mark = services.watermark(request.user, found)
    answer = render(request, "sharing/look.html", {"share": found, "rows": rows, "page": page, "mark": mark})
    answer["Cache-Control"] = "no-store"
    return answer


@for_roles(*STAFF)
@require_POST
@sudo
def share_file(request: StaffRequest, pk: int) -> HttpResponse:
    """Make the file; its passphrase is shown once."""
    found = _share(request, pk)
    try:
        _made, passphrase = services.make_file(viewer=request.user, share=found, address=address_of(request))
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("share", pk=pk)
    answer = render(request, "sharing/passphrase.html", {"share": found, "passphrase": passphrase})
    answer["Cache-Control"] = "no-store"
    return answer


@for_roles(*STAFF)
@require_GET
def share_fetch(request: StaffRequest, pk: int) -> HttpResponseBase:
    found = _share(request, pk)
    content = services.fetch_file(viewer=request.user, share=found, address=address_of(request))
    return attachment_in_pieces(content, name=f"{found.public_id}.zip", kind="application/zip")
