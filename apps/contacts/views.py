"""Pages of data sources and of imports under way."""

from itertools import dropwhile, islice

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import record_page
from apps.core.crypto import encrypted_files
from apps.core.errors import BadInput, NotFound
from apps.core.web.ids import row_number
from apps.ui.decorators import for_roles
from apps.ui.lists import list_of
from apps.ui.pages import attachment, form_page, said

from . import services
from .filters import SourceFilter
from .forms import AgreementForm, MappingForm, RowForm, SourceForm, WordingForm
from .models import ContactImport, DataSource, NumberDoubt, Wording
from .rules import STATUS_WORDS, STATUSES
from .services.importing import layout_of
from .services.previewing import SHOWN, imported_before, preview, titles_of
from .services.undoing import CORRECTED_AT_ONCE, can_be_taken_back, may_have_refused, refused_rows
from .tables import SourceTable

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
DOUBTS_SHOWN = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@for_roles(*STAFF)
@require_GET
def sources(request: StaffRequest) -> HttpResponse:
    chosen = SourceFilter(
        request.GET, queryset=DataSource.objects.select_related("recorded_by", "approved_by")
    )
    return render(request, "contacts/sources.html", list_of(request, SourceTable, chosen).context)


@for_roles(*STAFF)
def source_new(request: StaffRequest) -> HttpResponse:
    form = SourceForm(request.POST or None, request.FILES or None)
    return form_page(
        request, form, title=_("Record a data source"), back=reverse("sources"),
        change=lambda payload: services.create_source(actor=request.user, **form.chosen()),
        done=_("Recorded. Compliance has to approve it before anything is imported."),
        then=lambda made: reverse("source", kwargs={"pk": made.pk}),
    )  # fmt: skip


def _source(pk: int) -> DataSource:
    return get_object_or_404(
        DataSource.objects.select_related("recorded_by", "approved_by", "withdrawn_by"), pk=pk
    )


@for_roles(*STAFF)
@require_GET
def source(request: StaffRequest, pk: int) -> HttpResponse:
    found = _source(pk)
    shown = {
        "source": found,
        "wordings": found.wordings.select_related("recorded_by", "approved_by").order_by("-pk"),
        "contacts": found.contacts.count(),
        "doubts": found.doubts.exclude(state=NumberDoubt.State.KEPT).count(),
        "may_decide": request.user.role == Role.COMPLIANCE,
        "needs_agreement": found.origin in DataSource.UNDER_AGREEMENT and not found.agreement_file,
    }
    return render(request, "contacts/source.html", shown)


@for_roles(*STAFF)
@require_GET
def doubts(request: StaffRequest) -> HttpResponse:
    """Numbers of which somebody said that they are another person's: those to be decided first."""
    found = NumberDoubt.objects.select_related("contact", "source", "raised_by", "client", "decided_by")
    if request.user.role != Role.COMPLIANCE:
        found = found.filter(source__recorded_by=request.user)
    open_first = list(found.filter(state=NumberDoubt.State.OPEN).order_by("pk")[:DOUBTS_SHOWN])
    decided = list(
        found.exclude(state=NumberDoubt.State.OPEN).order_by("-decided_at")[: DOUBTS_SHOWN - len(open_first)]
    )
    record_page(
        request, subject="doubt:list", purpose="numbers in doubt", count=len(open_first) + len(decided)
    )
    shown = {"doubts": [*open_first, *decided], "may_decide": request.user.role == Role.COMPLIANCE}
    return render(request, "contacts/doubts.html", shown)


@for_roles(Role.COMPLIANCE)
@require_POST
def doubt_decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep the consent, with evidence, or end it."""
    doubt = get_object_or_404(NumberDoubt, pk=pk)
    reason, verdict = request.POST.get("reason", ""), request.POST.get("verdict")
    if verdict == "keep":
        evidence = request.POST.get("evidence", "")
        said(
            request,
            lambda: services.keep_consent(actor=request.user, doubt=doubt, reason=reason, evidence=evidence),
        )
    elif verdict == "end":
        done = _("Ended. The number is not called until its holder consents.")
        said(request, lambda: services.end_consent(actor=request.user, doubt=doubt, reason=reason), done)
    else:
        raise NotFound()
    return redirect("doubts")


@for_roles(Role.COMPLIANCE)
@require_POST
def source_decide(request: StaffRequest, pk: int, verdict: str) -> HttpResponse:
    """Approve, refuse or withdraw."""
    found, reason = _source(pk), request.POST.get("reason", "")
    if verdict == "approve":
        said(request, lambda: services.approve_source(actor=request.user, source=found))
    elif verdict == "refuse":
        said(request, lambda: services.refuse_source(actor=request.user, source=found, reason=reason))
    elif verdict == "withdraw":
        done = _("Withdrawn. None of its contacts is called any more; their erasure has begun.")
        said(request, lambda: services.withdraw_source(actor=request.user, source=found, reason=reason), done)
    else:
        raise NotFound()
    return redirect("source", pk=pk)


@for_roles(*STAFF)
@require_GET
def source_agreement(request: StaffRequest, pk: int) -> HttpResponse:
    """The signed agreement, as it was handed in."""
    found = _source(pk)
    if not found.agreement_file:
        raise NotFound()
    record_page(request, subject=f"source:{pk}", purpose="agreement")
    return attachment(encrypted_files.get(found.agreement_file), name=f"agreement-{found.code}")


@for_roles(*STAFF)
def source_agreement_add(request: StaffRequest, pk: int) -> HttpResponse:
    found = _source(pk)
    return form_page(
        request, AgreementForm(request.POST or None, request.FILES or None), title=_("Signed agreement"),
        back=reverse("source", kwargs={"pk": pk}), done=_("Kept, encrypted."),
        change=lambda payload: services.add_agreement(
            actor=request.user, source=found, content=payload["file"].read(), name=payload["file"].name
        ),
    )  # fmt: skip


@for_roles(*STAFF)
def wording_new(request: StaffRequest, pk: int) -> HttpResponse:
    found = _source(pk)
    return form_page(
        request, WordingForm(request.POST or None), title=_("Another version of the wording"),
        back=reverse("source", kwargs={"pk": pk}),
        done=_("Recorded. It is used once somebody else of compliance has approved it."),
        change=lambda payload: services.propose_wording(actor=request.user, source=found, **payload),
    )  # fmt: skip


@for_roles(Role.COMPLIANCE)
@require_POST
def wording_approve(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Wording, pk=pk)
    said(request, lambda: services.approve_wording(actor=request.user, wording=found))
    return redirect("source", pk=found.source_id)


def _own_import(request: StaffRequest, pk: int) -> ContactImport:
    return get_object_or_404(
        ContactImport.objects.select_related("job", "source"), pk=pk, started_by=request.user
    )


def _confirmed(request: StaffRequest, found: ContactImport, form: MappingForm) -> bool:
    return said(
        request,
        lambda: services.confirm_import(
            actor=request.user, contact_import=found, mapping=form.chosen(), leave_hidden=form.leaves_hidden()
        ),
    )


def _mapping_form(request: StaffRequest, found: ContactImport, *, deciding: bool = True) -> MappingForm:
    layout = layout_of(found)
    return MappingForm(
        request.POST or None,
        layout=layout,
        titles=titles_of(layout),
        mapping=found.mapping,
        deciding=deciding,
    )


@for_roles(*STAFF)
def import_preview(request: StaffRequest, pk: int) -> HttpResponse:
    """The first rows, masked, and what each column is taken for; confirming starts the job."""
    found = _own_import(request, pk)
    if found.state != ContactImport.State.PREVIEW:
        return redirect("import_progress", pk=pk)
    form = _mapping_form(request, found)
    if request.method == "POST" and form.is_valid() and _confirmed(request, found, form):
        return redirect("import_progress", pk=pk)
    seen = preview(found)
    record_page(request, subject=f"contact_import:{pk}", purpose="import", count=len(seen.rows))
    shown = {"import": found, "seen": seen, "form": form, "most": SHOWN, "before": imported_before(found)}
    return render(request, "contacts/import_preview.html", shown)


@for_roles(*STAFF)
@require_POST
def import_heading(request: StaffRequest, pk: int) -> HttpResponse:
    """Take another row for the heading."""
    row = request.POST.get("row", "")
    if not (row.isascii() and row.isdigit()):
        raise NotFound()
    found = _own_import(request, pk)
    said(request, lambda: services.choose_heading(actor=request.user, contact_import=found, row=int(row)))
    return redirect("import_preview", pk=pk)


@for_roles(*STAFF)
@require_POST
def import_forecast(request: StaffRequest, pk: int) -> HttpResponse:
    """What the import would do with these columns; a part of the preview."""
    found = _own_import(request, pk)
    if found.state != ContactImport.State.PREVIEW:
        raise NotFound()
    form = _mapping_form(request, found, deciding=False)
    shown: dict[str, object] = {"import": found}
    if form.is_valid():
        try:
            coming = services.forecast(found, form.chosen(), leave_hidden=bool(form.leaves_hidden()))
            counts = [
                (STATUS_WORDS[status], coming.counts[status])
                for status in STATUSES
                if status in coming.counts
            ]
            shown |= {"coming": coming, "counts": counts}
        except BadInput as error:
            shown["error"] = str(error)
    return render(request, "contacts/_import_forecast.html", shown)


@for_roles(*STAFF)
@require_POST
def import_discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Forget a list that was not confirmed."""
    found = _own_import(request, pk)
    if found.state == ContactImport.State.PREVIEW:
        services.discard_import(found)
        messages.success(request, _("Forgotten; nothing of it was stored."))
    return redirect("contacts")


@for_roles(*STAFF)
@require_GET
def import_progress(request: StaffRequest, pk: int) -> HttpResponse:
    found = _own_import(request, pk)
    if found.job is None:
        return redirect("import_preview", pk=pk)
    counts = [
        (STATUS_WORDS[status], status, found.counts[status]) for status in STATUSES if status in found.counts
    ]
    shown = {
        "import": found, "job": found.job, "counts": counts, "can_be_taken_back": can_be_taken_back(found),
        "can_be_corrected": may_have_refused(found),
        "corrections": found.corrections.order_by("pk"),
    }  # fmt: skip
    return render(request, "contacts/import_progress.html", shown)


@for_roles(*STAFF)
def import_correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Refused rows, a page at a time, to be typed again; what was read in the file is not shown."""
    found = _own_import(request, pk)
    if found.state != ContactImport.State.DONE or not found.report:
        raise NotFound()
    after = row_number(request.GET.get("after", "")) or 0
    waiting = dropwhile(lambda each: each[0] <= after, refused_rows(found))
    refused = list(islice(waiting, CORRECTED_AT_ONCE))
    following = refused[-1][0] if next(waiting, None) else None
    rows = [(row, sentence, RowForm(request.POST or None, prefix=f"row{row}")) for row, sentence in refused]
    outcome: list[tuple[int, str, str]] = []
    if request.method == "POST" and all(form.is_valid() for _row, _sentence, form in rows):
        typed = {row: form.cleaned_data for row, _sentence, form in rows if form.cleaned_data["phone"]}

        def correct() -> None:
            outcome.extend(services.correct_rows(actor=request.user, contact_import=found, rows=typed))

        if said(request, correct):
            for row, status, sentence in outcome:
                taken_in = status == "accepted"
                messages.add_message(
                    request,
                    messages.SUCCESS if taken_in else messages.WARNING,
                    f"{row}: {STATUS_WORDS[status]} {sentence}".strip(),
                )
            return redirect("import_correct", pk=pk)
    record_page(request, subject=f"contact_import:{pk}", purpose="import", count=len(rows))
    return render(
        request,
        "contacts/import_correct.html",
        {"import": found, "rows": rows, "following": following, "after": after},
    )


@for_roles(*STAFF)
@require_POST
def import_take_back(request: StaffRequest, pk: int) -> HttpResponse:
    found = _own_import(request, pk)
    done = _("Taken back. Its new contacts are called no more; their erasure has begun.")
    said(request, lambda: services.take_back(actor=request.user, contact_import=found), done)
    return redirect("import_progress", pk=pk)


@for_roles(*STAFF)
@require_GET
def import_report(request: StaffRequest, pk: int, form: str) -> HttpResponse | StreamingHttpResponse:
    """The report by row: a workbook for people, JSON lines (row, status, sentence) for programs."""
    found = _own_import(request, pk)
    if not found.report:
        raise NotFound()
    if form == "xlsx":
        record_page(
            request, subject=f"contact_import:{pk}", purpose="import", count=sum(found.counts.values())
        )
        return attachment(services.report_workbook(found), name=f"import-{pk}.xlsx", kind=XLSX)
    answer = StreamingHttpResponse(services.report_lines(found), content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="import-{pk}.jsonl"'
    return answer
