"""Pages of the trail and of alarms."""

import base64
import json

from celery import current_app
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.crypto import signatures
from apps.core.errors import ServiceAway
from apps.ui.decorators import for_roles
from apps.ui.lists import list_of
from apps.ui.pages import attachment, said

from . import queries, services
from .filters import EventFilter
from .models import AccessEvent, Alarm, TrailCheck, TrailCut
from .services import record_page
from .tables import EventTable
from .trail_tables import READS, streams

CLOSED_SHOWN = 50
OVERSEERS = (Role.COMPLIANCE, Role.ADMIN)


@for_roles(*Role.values)
@require_GET
def trail(request: StaffRequest) -> HttpResponse:
    """Who read what, when, why and from where; as far as the viewer may see."""
    filtered = EventFilter(request.GET, queryset=queries.events_of(request.user))
    shown = list_of(request, EventTable, filtered).context
    if request.user.role in OVERSEERS:
        shown["state"] = queries.trail_state()
    return render(request, "audit/trail.html", shown)


@for_roles(*OVERSEERS)
@require_GET
def trail_proof(request: StaffRequest, pk: int) -> HttpResponse:
    """One row with its way to the root of a signed tree head: for an auditor who holds nothing else of the
    log."""
    event = get_object_or_404(queries.events_of(request.user), pk=pk)
    record_page(request, subject="trail", purpose="export", kind=AccessEvent.Kind.EXPORTED)
    (proof,) = services.prove(READS, [event.pk])
    named = {READS: {proof["tree_head"]}} if "tree_head" in proof else {}
    payload = {
        "proof": proof,
        "heads": list(services.heads_named(named)),
        "columns": next(stream.columns for stream in streams() if stream.name == READS),
        "public_keys": {
            name: base64.b64encode(key).decode() for name, key in signatures.public_keys().items()
        },
    }
    return attachment(
        json.dumps(payload, ensure_ascii=False, indent=1).encode(),
        name=f"proof-{pk}.json",
        kind="application/json",
    )


@for_roles(*OVERSEERS)
@require_GET
def tree_heads(request: StaffRequest) -> HttpResponse:
    """Up to where the trail is signed, and what the checks of it found."""
    shown = {
        "state": queries.trail_state(),
        "streams": queries.stream_states(),
        "checks": TrailCheck.objects.order_by("-pk")[:20],
        "cuts": TrailCut.objects.order_by("-pk")[:20],
        "keys": [(name, base64.b64encode(key).decode()) for name, key in signatures.public_keys().items()],
    }
    return render(request, "audit/tree_heads.html", shown)


@for_roles(*OVERSEERS)
@require_POST
def tree_heads_check(request: StaffRequest) -> HttpResponse:
    """The same check as tonight's, now."""
    try:
        current_app.send_task("apps.audit.tasks.check_trail")
    except OperationalError:
        messages.error(request, str(ServiceAway()))
    else:
        messages.success(request, _("The check has begun. Its result shows here."))
    return redirect("tree_heads")


@for_roles(*OVERSEERS)
@require_POST
def tree_heads_export(request: StaffRequest) -> StreamingHttpResponse:
    """The signed trail as lines of JSON, for an auditor who checks it without us."""
    record_page(request, subject="trail", purpose="export", kind=AccessEvent.Kind.EXPORTED)
    answer = StreamingHttpResponse(services.export_trail(), content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="trail-{clock.now():%Y%m%d-%H%M}.jsonl"'
    return answer


@for_roles(Role.COMPLIANCE)
@require_GET
def alarms(request: StaffRequest) -> HttpResponse:
    """Unusual use that the rules found: what nobody looks into yet first, then what is being looked into,
    then the last that are closed."""
    found = Alarm.objects.select_related("person", "client", "owner", "closed_by")
    closed = found.filter(state=Alarm.State.CLOSED).order_by("-closed_at")[:CLOSED_SHOWN]
    shown = {
        "open": [
            *found.filter(state=Alarm.State.OPEN).order_by("-pk"),
            *found.filter(state=Alarm.State.TAKEN).order_by("-pk"),
        ],
        "closed": closed,
        "verdicts": Alarm.Verdict.choices,
    }
    return render(request, "audit/alarms.html", shown)


@for_roles(Role.COMPLIANCE)
@require_POST
def alarm_step(request: StaffRequest, pk: int) -> HttpResponse:
    alarm = get_object_or_404(Alarm, pk=pk)
    if "take" in request.POST:
        said(
            request,
            lambda: services.take_alarm(actor=request.user, alarm=alarm),
            _("It is yours to look into."),
        )
    else:
        verdict, note = request.POST.get("verdict", ""), request.POST.get("note", "")
        said(
            request,
            lambda: services.close_alarm(actor=request.user, alarm=alarm, verdict=verdict, note=note),
            _("Closed."),
        )
    return redirect("alarms")
