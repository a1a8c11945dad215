"""Pages of the register, and the one page for those who opt out by a link."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.access import services as access
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import address_of, record_page
from apps.core.errors import BadInput, HeguiError, NotFound
from apps.notifications.services import can_send
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of

from . import queries, services
from .filters import OptOutFilter
from .forms import LiftForm, ListForm, RecordForm, ScrubForm
from .models import Lift, ListIn, ListRow, Message, Scrub
from .tables import OptOutTable

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
ROWS_SHOWN = 100


@for_roles(*STAFF)
@require_GET
def opt_outs(request: StaffRequest) -> HttpResponse:
    chosen = OptOutFilter(request.GET, queryset=queries.register(request.user))
    is_compliance = request.user.role == Role.COMPLIANCE
    shown = {
        **list_of(request, OptOutTable, chosen).context,
        "latency": queries.latency(),
        "to_judge": queries.to_judge()[:50] if is_compliance else (),
        "lifts": queries.open_lifts() if is_compliance else (),
        "unread_lists": queries.lists_to_decide() if is_compliance else (),
        "is_compliance": is_compliance,
    }
    return render(request, "optouts/list.html", shown)


@for_roles(*STAFF)
def opt_out_new(request: StaffRequest) -> HttpResponse:
    """Record what was heard in a letter, a complaint, at the counter."""
    form = RecordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.record_by_hand(actor=request.user, **form.said())
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                _("%(entry)s: on the register. No further call goes to this number.")
                % {"entry": made.public_id},
            )
            return redirect("opt_outs")
    return render(request, "form.html", {"form": form, "title": _("Record an opt-out"), "back": "opt_outs"})


@for_roles(Role.COMPLIANCE)
def lift_ask(request: StaffRequest) -> HttpResponse:
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.ask_lift(actor=request.user, **form.cleaned_data)
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Asked. Somebody else of compliance has to approve it."))
            return redirect("opt_outs")
    return render(
        request,
        "form.html",
        {"form": form, "title": _("Lift an opt-out after fresh consent"), "back": "opt_outs"},
    )


DECISIONS = {"approve": services.approve_lift, "refuse": services.refuse_lift}


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def lift_decide(request: StaffRequest, pk: int, verdict: str) -> HttpResponse:
    lift = get_object_or_404(Lift, pk=pk)
    if verdict not in DECISIONS:
        raise NotFound()
    try:
        DECISIONS[verdict](actor=request.user, lift=lift)
    except HeguiError as error:
        messages.error(request, str(error))
    return redirect("opt_outs")


@for_roles(Role.COMPLIANCE)
@sudo
def message(request: StaffRequest, pk: int) -> HttpResponse:
    """A near miss: its text is shown on asking, in the trail, and judged."""
    found = get_object_or_404(queries.to_judge(), pk=pk)
    shown: dict[str, Any] = {"message": found}
    if request.method == "POST":
        try:
            if "read" in request.POST:
                shown["clear"] = access.disclose(
                    actor=request.user, obj=found, field="text", purpose="subject_request",
                    reason=_("judge whether a message refuses"), address=address_of(request),
                )  # fmt: skip
            else:
                _judge(request, found)
                return redirect("opt_outs")
        except HeguiError as error:
            messages.error(request, str(error))
    answer = render(request, "optouts/message.html", shown)
    answer["Cache-Control"] = "no-store"
    return answer


def _judge(request: StaffRequest, found: Message) -> None:
    if "confirm" in request.POST:
        services.confirm(actor=request.user, message=found)
        messages.success(request, _("It stays on the register."))
    else:
        services.dismiss(actor=request.user, message=found, reason=request.POST.get("reason", ""))
        messages.success(request, _("Dismissed: this message blocks the number no longer."))


@for_roles(Role.COMPLIANCE)
def list_in(request: StaffRequest) -> HttpResponse:
    """A list of our own or of a regulator, on its way into the register."""
    form = ListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            taken = services.take_list(
                actor=request.user, origin=form.cleaned_data["origin"],
                evidence=form.cleaned_data["evidence"], file_name=file.name,
                content=file.read(),
            )  # fmt: skip
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            return redirect("list_in_progress", pk=taken.pk)
    return render(
        request, "form.html", {"form": form, "title": _("A list into the register"), "back": "opt_outs"}
    )


@for_roles(Role.COMPLIANCE)
@require_GET
def list_in_progress(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ListIn.objects.select_related("job"), pk=pk)
    rows = list(queries.unread_rows().filter(taken=found)[:ROWS_SHOWN])
    return render(
        request,
        "optouts/job.html",
        {"job": found.job, "title": found.evidence, "back": "opt_outs", "unread_rows": rows},
    )


@for_roles(Role.COMPLIANCE)
@sudo
def list_row(request: StaffRequest, pk: int) -> HttpResponse:
    """A row in which no number could be read: its text is shown on asking, in the trail; then it is
    decided."""
    row = get_object_or_404(queries.unread_rows(), pk=pk)
    shown: dict[str, Any] = {"row": row}
    if request.method == "POST":
        try:
            if "read" in request.POST:
                shown["clear"] = access.disclose(
                    actor=request.user, obj=row, field="text", purpose="subject_request",
                    reason=_("read a row of a list of refusals"),
                    address=address_of(request),
                )  # fmt: skip
            else:
                _decide_row(request, row)
                return redirect("list_in_progress", pk=row.taken_id)
        except HeguiError as error:
            messages.error(request, str(error))
    answer = render(request, "optouts/list_row.html", shown)
    answer["Cache-Control"] = "no-store"
    return answer


def _decide_row(request: StaffRequest, row: ListRow) -> None:
    if "register" in request.POST:
        services.register_row(actor=request.user, row=row, number=request.POST.get("number", "")[:60])
        messages.success(request, _("On the register. No further call goes to this number."))
    else:
        services.pass_row(actor=request.user, row=row, reason=request.POST.get("reason", ""))
        messages.success(request, _("Noted: the row names nobody."))


@for_roles(*STAFF)
def scrubs(request: StaffRequest) -> HttpResponse:
    """One's own lists of the last day, and a new one."""
    form = ScrubForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            asked = services.ask_scrub(
                actor=request.user,
                file_name=file.name,
                content=file.read(),
                purpose=form.cleaned_data["purpose"],
            )
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            return redirect("scrub", pk=asked.pk)
    own = (
        Scrub.objects.filter(asked_by=request.user, client__isnull=True)
        .select_related("job")
        .order_by("-pk")[:20]
    )
    return render(request, "optouts/scrubs.html", {"form": form, "scrubs": own})


def _own_scrub(request: StaffRequest, pk: int) -> Scrub:
    return get_object_or_404(
        Scrub.objects.select_related("job"), pk=pk, asked_by=request.user, client__isnull=True
    )


@for_roles(*STAFF)
@require_GET
def scrub(request: StaffRequest, pk: int) -> HttpResponse:
    found = _own_scrub(request, pk)
    return render(
        request,
        "optouts/job.html",
        {"job": found.job, "scrub": found, "title": found.file_name, "back": "scrubs"},
    )


@for_roles(*STAFF)
@require_GET
def scrub_result(request: StaffRequest, pk: int) -> HttpResponse:
    found = _own_scrub(request, pk)
    try:
        content = services.result_of(found)
    except BadInput as error:
        messages.error(request, str(error))
        return redirect("scrub", pk=pk)
    record_page(request, subject=found.public_id, purpose=f"scrub: {found.purpose}"[:200], count=found.rows)
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="scrub-{pk}.csv"'
    return answer


@csrf_exempt  # the word in the address is the secret; a page for strangers asks for no cookie
@never_cache
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, word: str) -> HttpResponse:
    """One page, one click, no sign-in, no JavaScript. Looking changes nothing, so a link scanner opts nobody
    out."""
    link = services.link_of(word)
    if request.method == "POST":
        services.use_link(word=word)
        return redirect("leave", word=word)
    answer = render(request, "optouts/leave.html", {"is_done": services.has_left(link)})
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@never_cache
@require_http_methods(["GET", "POST"])
def leave_by_code(request: HttpRequest) -> HttpResponse:
    """For whoever has no link: the number, then the code sent to it. It answers the same for every number."""
    if not can_send():
        raise Http404
    shown: dict[str, Any] = {}
    if request.method == "POST":
        try:
            shown = _by_code(request)
        except HeguiError as error:
            shown = {"error": str(error), "word": request.POST.get("word", "")}
    answer = render(request, "optouts/leave_by_code.html", shown)
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _by_code(request: HttpRequest) -> dict[str, Any]:
    """The next step: where to enter the code, or that it is done."""
    word = request.POST.get("word", "")[:40]
    if not word:
        address = request.META.get("REMOTE_ADDR") or None
        return {"word": services.ask_code(phone=request.POST.get("phone", "")[:30], address=address)}
    services.use_code(word=word, code=request.POST.get("code", "")[:10])
    return {"is_done": True}
