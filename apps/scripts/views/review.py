"""The review: the queue, the verdict and on to the next, remarks, what is overruled, published, withdrawn."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import BadInput, FourEyes, HeguiError, WrongState
from apps.core.web.ids import row_number
from apps.policies import queries as policies
from apps.ui.decorators import for_roles

from .. import queries, services
from ..forms import ScriptRemarkForm, VerdictForm
from ..models import Remark, ScriptVersion
from ..rules import REVIEW_TARGET

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*STAFF)
@require_GET
def script_queue(request: StaffRequest) -> HttpResponse:
    """What waits, by lateness, risk and age; and how fast it was answered lately."""
    trades = policies.trade_names()
    rows = queries.review_queue(request.user)
    shown = {
        "rows": [(row, trades.get(row.version.script.trade, row.version.script.trade)) for row in rows],
        "answered": queries.answered_lately(),
        "target": REVIEW_TARGET,
        "first": queries.next_to_review(request.user) if request.user.role == Role.COMPLIANCE else None,
    }
    return render(request, "scripts/queue.html", shown)


@for_roles(Role.COMPLIANCE)
@require_GET
def script_next(request: StaffRequest) -> HttpResponse:
    """On to the next version that the reviewer may judge, after the one named by `?after=`."""
    after = row_number(request.GET.get("after", ""))
    here = ScriptVersion.objects.filter(pk=after).first() if after else None
    if following := queries.next_to_review(request.user, here):
        return redirect("script", pk=following.pk)
    messages.success(request, _("Nothing else waits for you."))
    return redirect("script_queue")


def _said(request: StaffRequest, change: Callable[[], object]) -> bool:
    """Make the change; when it is refused for a reason that people can repair, say so."""
    try:
        change()
    except (services.CheckBlocked, services.ReviewOpen, FourEyes, WrongState, BadInput) as error:
        messages.error(request, str(error))
        return False
    return True


def _version(request: StaffRequest, pk: int) -> ScriptVersion:
    return get_object_or_404(queries.readable(request.user), pk=pk)


def _errors(form: VerdictForm | ScriptRemarkForm) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


@for_roles(Role.COMPLIANCE)
@require_POST
def script_review(request: StaffRequest, pk: int) -> HttpResponse:
    """The verdict; then on to the next."""
    version = _version(request, pk)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        messages.error(request, _errors(form))
        return redirect("script", pk=pk)
    cleaned = form.cleaned_data
    following = queries.next_to_review(request.user, version)
    try:
        if cleaned["verdict"] == "approve":
            version = services.approve(
                actor=request.user,
                version=version,
                note=cleaned["note"],
                publish_now=not cleaned["publish_later"],
            )
        else:
            version = services.request_changes(actor=request.user, version=version, note=cleaned["note"])
    except HeguiError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error))
        return redirect("script", pk=pk)
    state = (
        _("a second person has to approve it too")
        if version.state == "submitted"
        else version.get_state_display()
    )
    messages.success(request, f"{version}: {state}")
    return redirect("script", pk=following.pk) if following else redirect("script_queue")


@for_roles(*STAFF)
@require_POST
def script_publish(request: StaffRequest, pk: int) -> HttpResponse:
    version = _version(request, pk)
    if _said(request, lambda: services.publish(actor=request.user, version=version)):
        messages.success(request, _("Published: campaigns speak this version from now on."))
    return redirect("script", pk=pk)


@for_roles(Role.COMPLIANCE)
@require_POST
def script_retire(request: StaffRequest, pk: int) -> HttpResponse:
    version = _version(request, pk)
    note = request.POST.get("note", "")
    if _said(request, lambda: services.retire(actor=request.user, version=version, note=note)):
        messages.success(request, _("Withdrawn: the gate refuses its calls from now on."))
    return redirect("script", pk=pk)


@for_roles(Role.COMPLIANCE)
@require_POST
def script_overrule(request: StaffRequest, pk: int) -> HttpResponse:
    """Let an advisory finding stand, or say that it is right; code and place come from the form beside it."""
    version = _version(request, pk)
    place = [row_number(request.POST.get(name, "")) for name in ("start", "end")]
    start, end = (-1 if number is None else number for number in place)
    code = request.POST.get("code", "")
    try:
        if "confirm" in request.POST:
            services.confirm(actor=request.user, version=version, code=code, start=start, end=end)
        else:
            reason = request.POST.get("reason", "")
            services.overrule(
                actor=request.user, version=version, code=code, start=start, end=end, reason=reason
            )
    except HeguiError as error:
        messages.error(request, str(error))
    return redirect("script", pk=pk)


@for_roles(*STAFF)
@require_POST
def remark_new(request: StaffRequest, pk: int) -> HttpResponse:
    version = _version(request, pk)
    form = ScriptRemarkForm(request.POST)
    if not form.is_valid():
        messages.error(request, _errors(form))
        return redirect("script", pk=pk)
    try:
        made = services.remark(actor=request.user, version=version, **form.cleaned_data)
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("script", pk=pk)
    return redirect(f"{reverse('script', kwargs={'pk': pk})}#remark-{made.pk}")


@for_roles(*STAFF)
@require_POST
def remark_change(request: StaffRequest, pk: int) -> HttpResponse:
    """Answer or resolve a remark, by the button; back to the version that was open."""
    found = get_object_or_404(Remark.objects.select_related("version"), pk=pk)
    try:
        if "resolve" in request.POST:
            services.resolve(actor=request.user, remark=found)
        else:
            services.answer(actor=request.user, remark=found, text=request.POST.get("text", ""))
    except HeguiError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error))
    version = _version(request, row_number(request.POST.get("back", "")) or found.version_id)
    return redirect(f"{reverse('script', kwargs={'pk': version.pk})}#remark-{pk}")
