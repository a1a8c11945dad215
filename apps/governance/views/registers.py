"""Pages of the registers, as table and as paper, and of trainings."""

import csv
import io
import re

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.request_types import StaffRequest
from apps.audit.models import AccessEvent
from apps.audit.services import record_page
from apps.core.crypto import encrypted_files
from apps.core.documents import pdf
from apps.core.errors import NotFound
from apps.ui.decorators import for_roles
from apps.ui.pages import attachment, content_of, form_page

from .. import services
from ..forms import TrainingForm
from ..models import Training
from ..registers import REGISTERS, Register
from ..services.recording_trainings import RECORDERS_OF_TRAININGS
from .months import READERS

# A spreadsheet would reckon with a cell that begins so, also in full width or behind blanks.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
WIDTH = 780  # points of a page across


def _register(code: str) -> Register:
    if code not in REGISTERS:
        raise NotFound()
    return REGISTERS[code]


@for_roles(*READERS)
@require_GET
def registers(request: StaffRequest, code: str = "activities") -> HttpResponse:
    """One register, and links to the others."""
    register = _register(code)
    shown = {
        "code": code, "register": register,
        "rows": [list(zip(register.heads, row, strict=True)) for row in register.rows()],
        "others": [(each, other.title) for each, other in REGISTERS.items()],
        "trainings": Training.objects.prefetch_related("people")[:50] if code == "training" else (),
        "may_record": request.user.role in RECORDERS_OF_TRAININGS and code == "training",
    }  # fmt: skip
    return render(request, "governance/registers.html", shown)


@for_roles(*READERS)
@require_GET
def register_file(request: StaffRequest, code: str, form: str) -> HttpResponse:
    """As CSV for programs, or as PDF."""
    register = _register(code)
    heads, rows = [str(head) for head in register.heads], [list(map(str, row)) for row in register.rows()]
    if form == "csv":
        out = io.StringIO()
        csv.writer(out).writerows(
            [heads, *([f"'{cell}" if FORMULA.match(cell) else cell for cell in row] for row in rows)]
        )
        return attachment(out.getvalue().encode("utf-8-sig"), name=f"{code}.csv", kind="text/csv")
    if form != "pdf":
        raise NotFound()
    paper = pdf.as_pdf(
        title=str(register.title),
        above=[str(register.about)],
        rows=[heads, *rows],
        widths=[WIDTH // len(heads)] * len(heads),
        across=True,
    )
    return attachment(paper, name=f"{code}.pdf", kind="application/pdf")


@for_roles(*RECORDERS_OF_TRAININGS)
def training_new(request: StaffRequest) -> HttpResponse:
    return form_page(
        request, TrainingForm(request.POST or None, request.FILES or None), title=_("Record a training"),
        back=reverse("registers", kwargs={"code": "training"}), done=_("Recorded."),
        change=lambda cleaned: services.record_training(
            actor=request.user, title=cleaned["title"], held_on=cleaned["held_on"], people=cleaned["people"],
            **content_of(cleaned["file"])
        ),
    )  # fmt: skip


@for_roles(*READERS)
@require_GET
def training_file(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Training, pk=pk)
    record_page(request, subject=f"training:{found.pk}", purpose="training", kind=AccessEvent.Kind.EXPORTED)
    return attachment(encrypted_files.get(found.file), name=f"training-{found.held_on}")
