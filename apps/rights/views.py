"""Pages of requests: for those who handle them, and the two for the persons themselves."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.access.services import disclose
from apps.accounts.models import User
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import address_of, record_page
from apps.core.calendar import clock
from apps.core.errors import HeguiError, NotFound
from apps.notifications.services import can_send
from apps.policies import queries as policies
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of
from apps.ui.pages import attachment, attachment_in_pieces, errors_of, form_page, said

from . import queries, rules, services
from .forms import ExecuteForm, NewRequestForm, PageForm, StepForm
from .models import SubjectRequest
from .services.certifying import rows_of
from .tables import RequestTable
from .wording import FOR_GOOD, STORES, WHY

MOST_OPEN = 1000
READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
State = SubjectRequest.State


@for_roles(*READERS)
@require_GET
def requests(request: StaffRequest) -> HttpResponse:
    """Open ones first, the soonest due first; then those that are over."""
    found = queries.requests_of(request.user)
    left = request.GET.get("left", "")
    open_ones = list(found.filter(closed_at__isnull=True).order_by("due_on", "pk")[:MOST_OPEN])
    over = list_of(request, RequestTable, found.filter(closed_at__isnull=False))
    today, calendar = timezone.localdate(clock.now()), policies.calendar(clock.now())
    for each in open_ones:
        each.left = rules.days_left(today, each.due_on, calendar)  # type: ignore[attr-defined]
    if left in rules.NEARNESS:
        open_ones = [each for each in open_ones if rules.nearness(today, each.due_on, calendar) == left]
    shown = {
        "open": RequestTable(open_ones),
        "count": len(open_ones),
        "nearness": rules.NEARNESS,
        "left": left,
        **over.context,
    }
    if can_send():
        shown["public_page"] = request.build_absolute_uri(reverse("my_data"))
    return render(request, "rights/list.html", shown)


@for_roles(*READERS)
def request_new(request: StaffRequest) -> HttpResponse:
    form = NewRequestForm(request.POST or None)
    return form_page(
        request, form, title=_("New request of a person"), back=reverse("requests"),
        change=lambda payload: services.record_request(actor=request.user, **payload),
        then=lambda made: reverse("request", kwargs={"pk": made.pk}),
        done=_("Recorded. Compliance has been notified."),
    )  # fmt: skip


def _found(request: StaffRequest, pk: int) -> SubjectRequest:
    return get_object_or_404(queries.requests_of(request.user), pk=pk)


@for_roles(*READERS)
@require_GET
def request_page(request: StaffRequest, pk: int) -> HttpResponse:
    """One request: its clock, what is asked, and for compliance what is here of the person."""
    found = _found(request, pk)
    record_page(request, subject=found.public_id, purpose="subject request")
    handles = request.user.role == Role.COMPLIANCE
    today, calendar = timezone.localdate(clock.now()), policies.calendar(clock.now())
    shown: dict[str, Any] = {
        "subject": found,
        "events": found.events.all(),
        "actors": {person.pk: person for person in User.objects.filter(pk__in=found.events.values("actor"))},
        "left": rules.days_left(today, found.due_on, calendar),
        "handles": handles,
        "text": _disclosed(request, found, "text") if handles else "",
        "answer": _disclosed(request, found, "answer") if handles else "",
        "rows": rows_of(found),
    }
    if handles and not found.is_over:
        shown |= {
            "step_form": StepForm(), "execute_form": ExecuteForm(),
            "owners": queries.owners().exclude(pk=found.owner_id),
            "stores": [
                {
                    "name": STORES[store.code],
                    "goes": store.goes,
                    "kept": [(0 if why in FOR_GOOD else count, WHY[why]) for count, why in store.kept],
                }
                for store in services.preview(found)
                if store.goes or store.kept
            ],
        }  # fmt: skip
    if order := found.copy_orders.select_related("job").order_by("pk").last():
        shown["copy_job"] = order.job
    return render(request, "rights/request.html", shown)


def _disclosed(request: StaffRequest, found: SubjectRequest, name: str) -> str:
    if not getattr(found, name):
        return ""
    try:
        return disclose(
            actor=request.user, obj=found, field=name, purpose="subject_request", reason="page",
            address=address_of(request),
        )  # fmt: skip
    except HeguiError as error:
        return str(error)


@for_roles(Role.COMPLIANCE)
@require_POST
def request_step(request: StaffRequest, pk: int) -> HttpResponse:
    """`step`: verify, pause, note, move, refuse."""
    found = _found(request, pk)
    said(request, lambda: _step(request, found, request.POST.get("step", "")), _("Noted."))
    return redirect("request", pk=pk)


def _step(request: StaffRequest, found: SubjectRequest, step: str) -> object:
    actor = request.user
    if step == "move":
        owner = get_object_or_404(queries.owners(), username=request.POST.get("owner", ""))
        return services.move_request(actor=actor, request=found, owner=owner)
    form = StepForm(request.POST)
    if not form.is_valid():
        raise HeguiError(errors_of(form))
    text = form.cleaned_data["text"]
    steps = {
        "verify": lambda: services.verify_identity(actor=actor, request=found, how=text),
        "pause": lambda: services.pause_request(actor=actor, request=found, why=text),
        "note": lambda: services.add_note(actor=actor, request=found, text=text),
        "refuse": lambda: services.refuse_request(actor=actor, request=found, why=text),
    }
    if step not in steps:
        raise NotFound()
    return steps[step]()


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def request_execute(request: StaffRequest, pk: int) -> HttpResponse:
    """Carry it out: after the password, since it cannot be taken back."""
    found = _found(request, pk)
    form = ExecuteForm(request.POST)
    if form.is_valid():
        answer = form.cleaned_data["answer"]
        said(
            request,
            lambda: services.execute(actor=request.user, request=found, answer=answer),
            _("Carried out, and certified."),
        )
    return redirect("request", pk=pk)


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def request_copy(request: StaffRequest, pk: int) -> HttpResponse:
    """Have the copy made; its link goes to the number once it is, its passphrase is shown once."""
    found = _found(request, pk)
    try:
        _asked, passphrase = services.ask_copy(
            actor=request.user, request=found, link_to=request.build_absolute_uri, address=address_of(request)
        )
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("request", pk=pk)
    answer = render(request, "rights/passphrase.html", {"subject": found, "passphrase": passphrase})
    answer["Cache-Control"] = "no-store"
    return answer


@for_roles(Role.COMPLIANCE)
@require_GET
def request_certificate(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    found = _found(request, pk)
    if not found.certificate or form not in {"json", "pdf"}:
        raise NotFound()
    if form == "pdf":
        return attachment(services.as_pdf(found), name=f"{found.public_id}.pdf", kind="application/pdf")
    answer = JsonResponse(
        services.certificate_of(found), json_dumps_params={"indent": 1, "ensure_ascii": False}
    )
    answer["Content-Disposition"] = f'attachment; filename="{found.public_id}.json"'
    return answer


# -- the persons themselves


@never_cache
@require_http_methods(["GET", "POST"])
def my_data(request: HttpRequest) -> HttpResponse:
    """For whoever asks about their own data: the number, then the code sent to it. It answers the same for
    every number."""
    if not can_send():
        raise Http404
    form = PageForm(request.POST if request.method == "POST" and "word" not in request.POST else None)
    shown: dict[str, Any] = {"form": form}
    if request.method == "POST":
        try:
            shown |= _by_code(request, form)
        except HeguiError as error:
            shown |= {"error": str(error), "word": request.POST.get("word", "")[:40]}
    answer = render(request, "rights/my_data.html", shown)
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _by_code(request: HttpRequest, form: PageForm) -> dict[str, Any]:
    """The next step: where to enter the code, or what was received."""
    word = request.POST.get("word", "")[:40]
    if word:
        return {"made": services.confirm_by_page(word=word, code=request.POST.get("code", "")[:10])}
    if not form.is_valid():
        return {}
    return {
        "word": services.ask_by_page(**form.cleaned_data, address=request.META.get("REMOTE_ADDR") or None)
    }


@csrf_exempt  # the word in the address is the secret; a page for strangers asks for no cookie
@never_cache
@require_http_methods(["GET", "POST"])
def copy(request: HttpRequest, word: str) -> HttpResponseBase:
    """The copy, once, on a click: looking changes nothing, so a link scanner does not take it."""
    if request.method == "POST":
        try:
            return attachment_in_pieces(
                services.fetch_copy(word=word[:60]), name="my-data.zip", kind="application/zip"
            )
        except NotFound:
            return render(request, "rights/copy.html", {"is_gone": True}, status=404)
    answer = render(request, "rights/copy.html", {})
    answer["X-Robots-Tag"], answer["Referrer-Policy"] = "noindex", "no-referrer"
    return answer
