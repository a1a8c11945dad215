"""Lines and filings: recorded, tested, verified, blocked; exceptions of a campaign."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import HeguiError, NotFound
from apps.ui.decorators import for_roles

from .. import queries, services
from ..forms import ExceptionForm, FilingForm, LineForm
from ..models import CallException, Filing, Line

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
SOON = timedelta(days=30)


@for_roles(*STAFF)
@require_GET
def lines(request: StaffRequest) -> HttpResponse:
    """Every line with what stands behind it, and the filings with their terms."""
    today = timezone.localdate(clock.now())
    shown = {
        "lines": Line.objects.select_related("filing", "recorded_by", "verified_by")
        .prefetch_related("campaigns")
        .order_by("number"),
        "filings": Filing.objects.order_by("valid_until"),
        "today": today,
        "soon": today + SOON,
        "is_compliance": request.user.role == Role.COMPLIANCE,
    }
    return render(request, "campaigns/lines.html", shown)


@for_roles(*STAFF)
def line_new(request: StaffRequest) -> HttpResponse:
    form = LineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.record_line(actor=request.user, **form.cleaned_data)
        except HeguiError as error:
            form.add_error("number", str(error))
        else:
            messages.success(request, _("Recorded. After a test call compliance verifies it."))
            return redirect("lines")
    return render(request, "form.html", {"form": form, "title": _("Record a line"), "back": "lines"})


@for_roles(Role.COMPLIANCE)
def filing_new(request: StaffRequest) -> HttpResponse:
    form = FilingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.record_filing(actor=request.user, **form.cleaned_data)
        return redirect("lines")
    return render(request, "form.html", {"form": form, "title": _("Record a filing"), "back": "lines"})


@for_roles(*STAFF)
@require_POST
def line_change(request: StaffRequest, pk: int) -> HttpResponse:
    """A test call, the verification, the block: by the button that was pressed, with its words."""
    line = get_object_or_404(Line, pk=pk)
    words = request.POST.get("words", "")[:200]
    try:
        if "test" in request.POST:
            services.record_test_call(actor=request.user, line=line, record=words)
        elif "verify" in request.POST:
            services.verify_line(actor=request.user, line=line)
        elif "block" in request.POST:
            services.block_line(actor=request.user, line=line, because=words)
        else:
            raise NotFound()
    except NotFound:
        raise
    except HeguiError as error:
        messages.error(request, str(error))
    return redirect("lines")


@for_roles(Role.SUPERVISOR)
@require_POST
def exception_ask(request: StaffRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(queries.campaigns_of(request.user), pk=pk)
    form = ExceptionForm(request.POST)
    try:
        if form.is_valid():
            services.ask_exception(actor=request.user, campaign=campaign, **form.cleaned_data)
            messages.success(request, _("Asked. Compliance has to approve it."))
        else:
            messages.error(
                request, " ".join(str(error) for errors in form.errors.values() for error in errors)
            )
    except HeguiError as error:
        messages.error(request, str(error))
    return redirect("campaign", pk=pk)


DECISIONS = {"approve": services.approve_exception, "end": services.end_exception}


@for_roles(Role.COMPLIANCE)
@require_POST
def exception_decide(request: StaffRequest, pk: int, verdict: str) -> HttpResponse:
    exception = get_object_or_404(CallException.objects.select_related("campaign"), pk=pk)
    if verdict not in DECISIONS:
        raise NotFound()
    try:
        DECISIONS[verdict](actor=request.user, exception=exception)
    except HeguiError as error:
        messages.error(request, str(error))
    return redirect("campaign", pk=exception.campaign_id)
