"""Pages of compliance audits and of what does not conform."""

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_page
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files
from apps.core.errors import BadInput, NotFound
from apps.core.web.ids import row_number
from apps.ui.decorators import for_roles, sudo
from apps.ui.pages import attachment, content_of, errors_of, form_page, said

from .. import papers, queries, services
from ..forms import AnswerForm, AuditForm, NonconformityForm
from ..models import AuditAnswer, ComplianceAudit, Nonconformity
from ..services.recording_incidents import RECORDERS
from .months import READERS

State = ComplianceAudit.State


@for_roles(*READERS)
@require_GET
def compliance_audits(request: StaffRequest) -> HttpResponse:
    shown = {
        "audits": ComplianceAudit.objects.select_related("planned_by"),
        "due": queries.next_audit_due(clock.now()),
    }
    return render(request, "governance/audits.html", shown)


@for_roles(Role.COMPLIANCE)
def compliance_audit_new(request: StaffRequest) -> HttpResponse:
    return form_page(
        request, AuditForm(request.POST or None), title=_("Plan a compliance audit"),
        back=reverse("compliance_audits"),
        change=lambda cleaned: services.plan_audit(actor=request.user, **cleaned),
        then=lambda made: reverse("compliance_audit", kwargs={"pk": made.pk}),
    )  # fmt: skip


def _audit(pk: int) -> ComplianceAudit:
    return get_object_or_404(
        ComplianceAudit.objects.select_related("planned_by", "signed_by", "countersigned_by"), pk=pk
    )


@for_roles(*READERS)
@require_GET
def compliance_audit(request: StaffRequest, pk: int) -> HttpResponse:
    audit = _audit(pk)
    is_officer = request.user.role == Role.COMPLIANCE
    shown = {
        "audit": audit,
        "digest": services.digest_of(services.document_of(audit)),
        "points": papers.points_of(audit),
        "planned": [point.in_words("question") for point in services.points().values()]
        if audit.state == State.PLANNED
        else [],
        "may_begin": is_officer and audit.state == State.PLANNED,
        "may_answer": is_officer and audit.state == State.RUNNING,
        "may_sign": is_officer and audit.state == State.REPORTED and audit.signed_by_id != request.user.pk,
        "form": AnswerForm(),
        "nonconformity_form": NonconformityForm(),
    }
    return render(request, "governance/audit.html", shown)


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def compliance_audit_step(request: StaffRequest, pk: int) -> HttpResponse:
    """`step`: begin, answer, nonconformity, report, sign, reopen."""
    audit = _audit(pk)
    said(request, lambda: _step(request, audit, request.POST.get("step", "")), _("Noted."))
    return redirect("compliance_audit", pk=pk)


def _step(request: StaffRequest, audit: ComplianceAudit, step: str) -> object:
    user = request.user
    if step == "begin":
        return services.begin_audit(actor=user, audit=audit)
    if step == "report":
        return services.report_audit(actor=user, audit=audit, conclusion=request.POST.get("conclusion", ""))
    if step == "sign":
        return services.sign_audit(actor=user, audit=audit, read=request.POST.get("read", ""))
    if step == "reopen":
        return services.reopen_audit(actor=user, audit=audit)
    answer = AuditAnswer.objects.filter(
        audit=audit, pk=row_number(request.POST.get("answer", "")) or 0
    ).first()
    if answer is None:
        raise NotFound()
    if step == "answer":
        form = _valid(AnswerForm(request.POST, request.FILES))
        file = content_of(form["file"])
        return services.answer_point(
            actor=user, answer=answer, found=form["found"], verdict=form["verdict"], **file
        )
    if step == "nonconformity":
        return services.open_nonconformity(
            actor=user, answer=answer, **_valid(NonconformityForm(request.POST))
        )
    raise NotFound()


def _valid(form: AnswerForm | NonconformityForm) -> dict[str, Any]:
    """Raises `BadInput` with what is wrong."""
    if not form.is_valid():
        raise BadInput(errors_of(form))
    return form.cleaned_data


@for_roles(*READERS)
@require_GET
def compliance_audit_paper(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    """As PDF, or the signed document as JSON."""
    audit = _audit(pk)
    if form == "json":
        signed = {"document": services.document_of(audit), "signature": audit.signature}
        return attachment(
            json.dumps(signed, ensure_ascii=False, indent=1).encode(),
            name=f"{audit.public_id}.json",
            kind="application/json",
        )
    if form != "pdf":
        raise NotFound()
    return attachment(papers.audit_pdf(audit), name=f"{audit.public_id}.pdf", kind="application/pdf")


@for_roles(*READERS)
@require_GET
def compliance_audit_file(request: StaffRequest, pk: int) -> HttpResponse:
    answer = get_object_or_404(AuditAnswer.objects.select_related("audit").exclude(file=""), pk=pk)
    record_page(
        request, subject=answer.audit.public_id, purpose="file of an audit", kind=AccessEvent.Kind.EXPORTED
    )
    return attachment(encrypted_files.get(answer.file), name=f"evidence-{answer.point}")


@for_roles(*RECORDERS)
@require_GET
def nonconformities(request: StaffRequest) -> HttpResponse:
    found, today = queries.nonconformities_of(request.user), timezone.localdate(clock.now())
    waiting = found.exclude(state=Nonconformity.State.CLOSED)
    shown = {
        "waiting": [
            (each, each.state == Nonconformity.State.OPEN and each.due_on < today) for each in waiting
        ],
        "closed": found.filter(state=Nonconformity.State.CLOSED).order_by("-closed_at")[:50],
        "is_officer": request.user.role == Role.COMPLIANCE,
    }
    return render(request, "governance/nonconformities.html", shown)


@for_roles(*RECORDERS)
@require_POST
def nonconformity_step(request: StaffRequest, pk: int) -> HttpResponse:
    """`step`: done, close, back."""
    found, step, user = (
        get_object_or_404(queries.nonconformities_of(request.user), pk=pk),
        request.POST.get("step", ""),
        request.user,
    )
    if step == "done":
        measures = request.POST.get("measures", "")
        said(
            request,
            lambda: services.report_resolved(actor=user, nonconformity=found, measures=measures),
            _("Noted."),
        )
    elif step in {"close", "back"}:
        said(
            request,
            lambda: services.check_nonconformity(actor=user, nonconformity=found, close=step == "close"),
            _("Noted."),
        )
    else:
        raise NotFound()
    return redirect("nonconformities")
