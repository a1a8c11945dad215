"""Pages of data sources and of imports under way."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.decorators import for_roles
from apps.accounts.requests import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import record_page
from apps.core import vault
from apps.core.errors import NotFound
from apps.core.paging import page_of

from . import services
from .forms import MappingForm, SourceForm
from .models import ContactImport, DataSource
from .services.importing import preview
from .tables import SourceTable

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*STAFF)
@require_GET
def sources(request: StaffRequest) -> HttpResponse:
    page = page_of(DataSource.objects.select_related("recorded_by", "approved_by"), request.GET)
    return render(request, "contacts/sources.html", {"table": SourceTable(page.rows), "page": page})


@for_roles(*STAFF)
def source_new(request: StaffRequest) -> HttpResponse:
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        source = services.create_source(actor=request.user, purposes=fields.pop("purposes"), **fields)
        messages.success(request, _("Recorded. Compliance has to approve it before anything is imported."))
        return redirect("source", pk=source.pk)
    return render(request, "form.html", {"form": form, "title": _("Record a data source"), "back": "sources"})


@for_roles(*STAFF)
@require_GET
def source(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(DataSource.objects.select_related("recorded_by", "approved_by"), pk=pk)
    return render(request, "contacts/source.html", {"source": found, "may_decide": request.user.role == Role.COMPLIANCE})


DECISIONS = {"approve": services.approve_source, "refuse": services.refuse_source, "withdraw": services.withdraw_source}


@for_roles(Role.COMPLIANCE)
@require_POST
def source_decide(request: StaffRequest, pk: int, verdict: str) -> HttpResponse:
    found = get_object_or_404(DataSource, pk=pk)
    if verdict not in DECISIONS:
        raise NotFound()
    DECISIONS[verdict](actor=request.user, source=found)
    return redirect("source", pk=pk)


def _own_import(request: StaffRequest, pk: int) -> ContactImport:
    return get_object_or_404(ContactImport.objects.select_related("job", "source"), pk=pk, started_by=request.user)


@for_roles(*STAFF)
def import_preview(request: StaffRequest, pk: int) -> HttpResponse:
    """The first rows, masked, and what each column is taken for; confirming starts the job."""
    found = _own_import(request, pk)
    if found.state == ContactImport.State.CONFIRMED:
        return redirect("import_progress", pk=pk)
    heading, rows = preview(found)
    form = MappingForm(request.POST or None, heading=heading, mapping=found.mapping)
    if request.method == "POST" and form.is_valid():
        services.confirm_import(actor=request.user, contact_import=found, mapping=form.chosen())
        return redirect("import_progress", pk=pk)
    record_page(request, subject=f"contact_import:{pk}", purpose="import", count=len(rows))
    return render(request, "contacts/import_preview.html", {"import": found, "heading": heading, "rows": rows, "form": form})


@for_roles(*STAFF)
@require_GET
def import_progress(request: StaffRequest, pk: int) -> HttpResponse:
    found = _own_import(request, pk)
    if found.job is None:
        return redirect("import_preview", pk=pk)
    return render(request, "contacts/import_progress.html", {"import": found, "job": found.job})


@for_roles(*STAFF)
@require_GET
def import_report(request: StaffRequest, pk: int) -> HttpResponse:
    """The report by row, as JSON lines: row, status, sentence; no value of the file."""
    found = _own_import(request, pk)
    answer = HttpResponse(vault.get(found.report), content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="import-{pk}.jsonl"'
    return answer
