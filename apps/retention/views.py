"""Pages of deletion: what is due, what went, what is held; and the backups."""

from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.queries import STREAM_NAMES
from apps.core.calendar import clock
from apps.core.errors import HeguiError, NotFound, ServiceAway
from apps.policies import queries as policies
from apps.policies.models import DataClass
from apps.ui.decorators import for_roles, sudo

from . import certificates, services
from .backup_places import is_there
from .forms import HoldForm
from .models import BackupRun, LegalHold, PurgeRun
from .storage_classes import CLASSES

READERS = (Role.COMPLIANCE, Role.ADMIN)


@for_roles(*READERS)
@require_GET
def retention(request: StaffRequest) -> HttpResponse:
    """What is kept how long, what went; and with `?count` what is due now, which reads every table."""
    now = clock.now()
    due = services.count_due(at=now) if "count" in request.GET else None
    versions = policies.retention_policies(now)
    clocks = {each.code: each.clock for each in CLASSES} | {DataClass.TRAIL: _("when it was signed")}
    rows = [
        {
            "policy": policy,
            "clock": clocks.get(code),
            "days": policy.days_at(timezone.localdate(now)),
            "due": (due or {}).get(code),
        }
        for code, policy in sorted(versions.items())
    ]
    shown = {
        "rows": rows,
        "counted": due is not None,
        "runs": PurgeRun.objects.order_by("-pk")[:20],
        "may_purge": request.user.role == Role.COMPLIANCE,
    }
    return render(request, "retention/overview.html", shown)


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def purge_start(request: StaffRequest) -> HttpResponse:
    """The same purge as tonight's, now."""
    try:
        current_app.send_task("apps.retention.tasks.purge_by_hand", args=[request.user.pk])
    except OperationalError:
        messages.error(request, str(ServiceAway()))
    else:
        messages.success(
            request,
            _(
                "The purge was handed to the workers. Its run shows here; where one is under way already, no "
                "second one begins."
            ),
        )
    return redirect("retention")


@for_roles(*READERS)
@require_GET
def purge_run(request: StaffRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(PurgeRun, pk=pk)
    shown = {
        "run": run,
        "rows": certificates.rows_of(run),
        "certificate": certificates.certificate(run)["document"],
        "trail_heads": [(STREAM_NAMES[stream], head) for stream, head in run.trail_heads.items()],
        "is_genuine": certificates.is_genuine(run),
    }
    return render(request, "retention/run.html", shown)


@for_roles(*READERS)
@require_GET
def purge_certificate(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    run = get_object_or_404(PurgeRun, pk=pk)
    if form == "json":
        answer: HttpResponse = JsonResponse(certificates.certificate(run), json_dumps_params={"indent": 1})
    elif form == "pdf":
        answer = HttpResponse(certificates.as_pdf(run), content_type="application/pdf")
    else:
        raise NotFound()
    answer["content-disposition"] = f'attachment; filename="deletion-{run.pk}.{form}"'
    return answer


@for_roles(Role.COMPLIANCE)
@require_GET
def holds(request: StaffRequest) -> HttpResponse:
    every = LegalHold.objects.select_related("owner", "placed_by", "ended_by").order_by(
        F("ended_at").desc(nulls_first=True), "review_on"
    )
    return render(
        request, "retention/holds.html", {"holds": every[:200], "today": timezone.localdate(clock.now())}
    )


@for_roles(Role.COMPLIANCE)
@sudo
def hold_new(request: StaffRequest) -> HttpResponse:
    form = HoldForm(
        request.POST or None,
        initial={"kind": request.GET.get("kind", ""), "subject": request.GET.get("subject", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.place_hold(actor=request.user, **form.asked())
        except HeguiError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Held: it is not deleted until the hold ends."))
            return redirect("holds")
    return render(request, "form.html", {"form": form, "title": _("New legal hold"), "back": "holds"})


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def hold_end(request: StaffRequest, pk: int) -> HttpResponse:
    try:
        services.end_hold(
            actor=request.user,
            hold=get_object_or_404(LegalHold, pk=pk),
            reason=request.POST.get("reason", ""),
        )
    except HeguiError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Ended: what it kept is erased by the next purge, where it is due."))
    return redirect("holds")


@for_roles(*READERS)
@require_GET
def backups(request: StaffRequest) -> HttpResponse:
    """Whether there is a good backup, and whether it was proven to restore."""
    runs = BackupRun.objects.order_by("-pk")
    shown = {
        "runs": runs[:40],
        "last_good": services.last_good(),
        "is_old": services.is_late(clock.now()),
        "last_drill": runs.filter(kind=BackupRun.Kind.DRILL, state=BackupRun.State.DONE).first(),
        "folder_is_there": is_there(settings.HEGUI_BACKUPS),
    }
    return render(request, "retention/backups.html", shown)
