"""Pages of impact assessments."""

from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import HeguiError, NotFound
from apps.core.web import ids
from apps.ui.decorators import for_roles
from apps.ui.lists import list_of
from apps.ui.pages import attachment, said

from .. import papers, queries, services
from ..filters import AssessmentFilter
from ..forms import AssessmentForm, RiskFormSet
from ..models import Assessment
from ..services.assessing import WRITERS
from ..services.subjects import thing_of
from ..tables import AssessmentTable
from ..wording import TRIGGERS

State = Assessment.State


@for_roles(*WRITERS)
@require_GET
def assessments(request: StaffRequest) -> HttpResponse:
    chosen = AssessmentFilter(request.GET, queryset=queries.assessments_of(request.user))
    return render(request, "governance/assessments.html", list_of(request, AssessmentTable, chosen).context)


def _assessment(request: StaffRequest, pk: int) -> Assessment:
    return get_object_or_404(queries.assessments_of(request.user), pk=pk)


def _about(found: Assessment) -> Model:
    """Raises `NotFound` for a thing that is gone."""
    about = thing_of(found.about_kind, found.about_id)
    if about is None:
        raise NotFound()
    return about


@for_roles(*WRITERS)
def assessment_new(request: StaffRequest) -> HttpResponse:
    """`?about=`: the public id of a campaign or share. Shows why it needs one, and similar ones to begin
    from."""
    try:
        about = services.find(request.user, request.GET.get("about", ""))
    except NotFound:
        return render(request, "governance/assessment_about.html")
    decided = queries.assessments_of(request.user).filter(state=State.APPROVED)
    if request.method == "POST":
        like = decided.filter(pk=ids.row_number(request.POST.get("like", "")) or 0).first()
        made = services.begin_assessment(actor=request.user, about=about, like=like)
        return redirect("assessment_edit" if made.state == State.DRAFT else "assessment", pk=made.pk)
    why = services.why_needed(about)
    similar = decided.filter(triggers__overlap=why)[:10] if why else ()
    return render(
        request,
        "governance/assessment_new.html",
        {"about": about, "why": [TRIGGERS[code] for code in why], "similar": similar},
    )


@for_roles(*WRITERS)
@require_GET
def assessment(request: StaffRequest, pk: int) -> HttpResponse:
    found = _assessment(request, pk)
    about = thing_of(found.about_kind, found.about_id)
    user = request.user
    shown = {
        "assessment": found,
        "why": [TRIGGERS[code] for code in found.triggers],
        "facts": papers.facts_in_words(found.description),
        "changed": [papers.FACT_NAMES[name] for name in services.what_changed(found, about)] if about else [],
        "risks": papers.matrix(found),
        "about_url": reverse(found.about_kind, kwargs={"pk": found.about_id}) if about else "",
        "may_write": services.may_write(user, found),
        "may_decide": found.state == State.SUBMITTED
        and user.role == Role.COMPLIANCE
        and not found.authors.filter(pk=user.pk).exists(),
        "may_send_back": found.state == State.SUBMITTED
        and (user.role == Role.COMPLIANCE or found.written_by_id == user.pk),
    }
    return render(request, "governance/assessment.html", shown)


@for_roles(*WRITERS)
def assessment_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """The three questions of the law, the matrix, the verdict."""
    found = _assessment(request, pk)
    if not services.may_write(request.user, found):
        messages.error(request, _("This assessment is not yours to write, or it was handed in."))
        return redirect("assessment", pk=pk)
    form = AssessmentForm(request.POST or None, instance=found)
    columns = ("threat", "likelihood", "harm", "measure", "owner", "due_on", "remaining")
    known = [{name: getattr(risk, name) for name in columns} for risk in found.risks.select_related("owner")]
    formset = RiskFormSet(
        request.POST or None, initial=known, prefix="risks", form_kwargs={"author": request.user}
    )
    if request.method == "POST" and form.is_valid() and formset.is_valid():
        risks = [each for each in formset.cleaned_data if each and not each.get("DELETE")]
        try:
            written = services.write_assessment(
                actor=request.user,
                assessment=found,
                texts=form.cleaned_data,
                verdict=form.cleaned_data["verdict"],
                risks=risks,
            )
            if "submit" in request.POST:
                services.submit_assessment(actor=request.user, assessment=written, about=_about(written))
        except HeguiError as error:
            form.add_error(None, str(error))
        else:
            return redirect("assessment", pk=pk)
    return render(
        request, "governance/assessment_edit.html", {"assessment": found, "form": form, "formset": formset}
    )


@for_roles(*WRITERS)
@require_POST
def assessment_step(request: StaffRequest, pk: int) -> HttpResponse:
    """`step`: submit, approve, refuse, back."""
    found = _assessment(request, pk)
    said(request, lambda: _step(request, found, request.POST.get("step", "")), _("Noted."))
    return redirect("assessment", pk=pk)


def _step(request: StaffRequest, found: Assessment, step: str) -> object:
    user: Any = request.user
    if step == "submit":
        return services.submit_assessment(actor=user, assessment=found, about=_about(found))
    if step in {"approve", "refuse"}:
        return services.decide_assessment(
            actor=user,
            assessment=found,
            about=_about(found),
            approve=step == "approve",
            note=request.POST.get("note", ""),
        )
    if step == "back":
        return services.send_back_assessment(actor=user, assessment=found)
    raise NotFound()


@for_roles(*WRITERS)
@require_GET
def assessment_paper(request: StaffRequest, pk: int) -> HttpResponse:
    found = _assessment(request, pk)
    return attachment(papers.assessment_pdf(found), name=f"{found.public_id}.pdf", kind="application/pdf")
