"""Pages of the month's report."""

import json

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import NotFound
from apps.ui.decorators import for_roles, sudo
from apps.ui.pages import attachment, said

from .. import papers, services
from ..models import MonthReport
from ..services.month_reports import month_before

READERS = (Role.COMPLIANCE, Role.ADMIN)


@for_roles(*READERS)
@require_GET
def months(request: StaffRequest) -> HttpResponse:
    reports = MonthReport.objects.select_related("signed_by", "countersigned_by")
    return render(
        request,
        "governance/months.html",
        {"reports": [(report, papers.counted(report)) for report in reports]},
    )


@for_roles(Role.COMPLIANCE)
@require_POST
def month_make(request: StaffRequest) -> HttpResponse:
    """Measure the month before, now; or again, while nobody has signed it."""
    month = month_before(timezone.localdate(clock.now()))
    said(request, lambda: services.make_report(month=month), _("Measured."))
    return redirect("months")


def _report(pk: int) -> MonthReport:
    return get_object_or_404(MonthReport.objects.select_related("signed_by", "countersigned_by"), pk=pk)


@for_roles(*READERS)
@require_GET
def month(request: StaffRequest, pk: int) -> HttpResponse:
    report = _report(pk)
    before = MonthReport.objects.filter(month=month_before(report.month)).first()
    is_officer, state = request.user.role == Role.COMPLIANCE, report.state
    shown = {
        "report": report,
        "digest": services.digest_of(services.document_of_month(report)),
        "rows": papers.rows_of_month(report, before),
        "counted": papers.counted(report),
        "nonconformities": report.nonconformities.select_related("owner"),
        "may_note": is_officer and state == MonthReport.State.DRAFT,
        "may_sign": is_officer
        and (
            state == MonthReport.State.DRAFT or (state == "once" and report.signed_by_id != request.user.pk)
        ),
        "may_reopen": is_officer and state == MonthReport.State.SIGNED_ONCE,
    }
    return render(request, "governance/month.html", shown)


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def month_step(request: StaffRequest, pk: int) -> HttpResponse:
    """`step`: note, sign, reopen."""
    report, step, user = _report(pk), request.POST.get("step", ""), request.user
    if step == "note":
        duty, note = request.POST.get("duty", ""), request.POST.get("note", "")
        said(
            request,
            lambda: services.note_report(actor=user, report=report, duty=duty, note=note),
            _("Noted."),
        )
    elif step == "sign":
        said(
            request,
            lambda: services.sign_report(actor=user, report=report, read=request.POST.get("read", "")),
            _("Signed."),
        )
    elif step == "reopen":
        said(request, lambda: services.reopen_report(actor=user, report=report), _("A draft again."))
    else:
        raise NotFound()
    return redirect("month", pk=pk)


@for_roles(*READERS)
@require_GET
def month_paper(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    """As PDF, or the signed document as JSON."""
    report = _report(pk)
    if form == "json":
        signed = {"document": services.document_of_month(report), "signature": report.signature}
        return attachment(
            json.dumps(signed, ensure_ascii=False, indent=1).encode(),
            name=f"month-{report}.json",
            kind="application/json",
        )
    if form != "pdf":
        raise NotFound()
    return attachment(papers.month_pdf(report), name=f"month-{report}.pdf", kind="application/pdf")
