"""Pages of incidents: list, record, facts, steps, notices, report, tasks."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent, Alarm
from apps.audit.services import record_page
from apps.core.calendar import clock
from apps.core.errors import BadInput, HeguiError, NotFound
from apps.core.web.ids import row_number
from apps.notifications.services import count_messages
from apps.ui.decorators import for_roles
from apps.ui.lists import list_of
from apps.ui.pages import attachment, errors_of, form_page, said

from .. import papers, queries, services
from ..filters import IncidentFilter
from ..forms import FactsForm, IncidentForm, NoticeForm, TaskForm
from ..models import Incident, IncidentNotice, IncidentTask
from ..services.recording_incidents import AUTHORITY_WITHIN, RECORDERS
from ..tables import IncidentTable
from ..wording import LACKS

PERSONS_SHOWN = 50
HOUR = timedelta(hours=1)


@for_roles(*RECORDERS)
@require_GET
def incidents(request: StaffRequest) -> HttpResponse:
    chosen = IncidentFilter(request.GET, queryset=queries.incidents_of(request.user))
    return render(request, "governance/incidents.html", list_of(request, IncidentTable, chosen).context)


def _incident(request: StaffRequest, pk: int) -> Incident:
    return get_object_or_404(queries.incidents_of(request.user), pk=pk)


@for_roles(*RECORDERS)
def incident_new(request: StaffRequest) -> HttpResponse:
    now = clock.now().replace(second=0, microsecond=0)
    form = IncidentForm(
        request.POST or None, initial={"discovered_at": now, "since": now - timedelta(days=1), "until": now}
    )
    return form_page(
        request, form, title=_("Record an incident"), back=reverse("incidents"),
        done=_("Recorded. The clock runs."),
        change=lambda cleaned: services.record_incident(actor=request.user, **cleaned),
        then=lambda made: reverse("incident", kwargs={"pk": made.pk}),
    )  # fmt: skip


@for_roles(Role.COMPLIANCE)
@require_POST
def incident_of_alarm(request: StaffRequest, pk: int) -> HttpResponse:
    """One step from an alarm to an incident."""
    alarm = get_object_or_404(Alarm, pk=pk)
    try:
        made = services.incident_of_alarm(actor=request.user, alarm=alarm)
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("alarms")
    messages.success(request, _("Recorded. The clock runs."))
    return redirect("incident", pk=made.pk)


@for_roles(*RECORDERS)
@require_GET
def incident(request: StaffRequest, pk: int) -> HttpResponse:
    found = _incident(request, pk)
    record_page(request, subject=found.public_id, purpose="incident", count=found.persons or 1)
    handles = request.user.role == Role.COMPLIANCE
    missing = services.what_is_missing(found) if found.state == Incident.State.OPEN else []
    hours = services.hours_since_discovery(found)
    notices = list(found.notices.select_related("given_by", "job", "incident"))
    is_notified = any(notice.recipient == IncidentNotice.Recipient.AUTHORITY for notice in notices)
    shown = {
        "incident": found,
        "hours": hours,
        "is_late": not is_notified
        and not found.is_drill
        and found.state != Incident.State.CLOSED
        and hours > AUTHORITY_WITHIN / HOUR,
        "authority_knows": is_notified,
        "missing": [LACKS[code] for code in missing],
        "reads_report": handles,
        "handles": handles and found.state == Incident.State.OPEN,
        "takes_back": handles
        and found.state == Incident.State.CLOSING
        and found.closing_by_id == request.user.pk,
        "decides": handles
        and found.state == Incident.State.CLOSING
        and found.closing_by_id != request.user.pk,
        "entries": found.entries.select_related("actor"),
        "tasks": found.tasks.select_related("owner"),
        "notices": [
            (notice, count_messages(services.messages_of(notice)) if notice.job else {}) for notice in notices
        ],
        "affected": found.affected.select_related("contact").order_by("-clear", "-reads")[:PERSONS_SHOWN]
        if handles
        else (),
        "officers": User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(
            pk=found.person_id or 0
        ),
        "task_form": TaskForm(prefix="task"),
        "texts": [(papers.label_of(Incident, name), getattr(found, name)) for name in papers.TEXTS],
    }
    return render(request, "governance/incident.html", shown)


@for_roles(Role.COMPLIANCE)
def incident_facts(request: StaffRequest, pk: int) -> HttpResponse:
    found = _incident(request, pk)
    form = FactsForm(request.POST or None, incident=found)
    return form_page(
        request, form, title=_("Facts of the incident"), back=reverse("incident", kwargs={"pk": pk}),
        done=_("Saved."),
        change=lambda cleaned: services.change_facts(
            actor=request.user, incident=found, texts=cleaned,
            **{name: cleaned[name] for name in ("since", "until", "person", "client")},
        ),
    )  # fmt: skip


@for_roles(Role.COMPLIANCE)
@require_POST
def incident_step(request: StaffRequest, pk: int) -> HttpResponse:
    """`step`: note, task, scope, by_hand, owner, required, not_required, closing, close, back."""
    found = _incident(request, pk)
    said(request, lambda: _step(request, found, request.POST.get("step", "")), _("Noted."))
    return redirect("incident", pk=pk)


def _step(request: StaffRequest, found: Incident, step: str) -> object:
    user, note = request.user, request.POST.get("note", "")
    if step == "note":
        return services.note_incident(actor=user, incident=found, note=note)
    if step == "task":
        form = TaskForm(request.POST, prefix="task")
        if not form.is_valid():
            raise BadInput(errors_of(form))
        return services.add_task(actor=user, incident=found, **form.cleaned_data)
    if step == "scope":
        return services.ask_scope(actor=user, incident=found)
    if step == "by_hand":
        persons = row_number(request.POST.get("persons", ""))
        return services.scope_by_hand(
            actor=user, incident=found, persons=-1 if persons is None else persons, note=note
        )
    if step == "owner":
        owner = User.objects.filter(pk=row_number(request.POST.get("owner", "")) or 0).first()
        if owner is None:
            raise NotFound()
        return services.give_to(actor=user, incident=found, owner=owner)
    if step in {"required", "not_required"}:
        return services.decide_about_persons(
            actor=user, incident=found, required=step == "required", why=note
        )
    if step == "closing":
        return services.ask_closing(actor=user, incident=found)
    if step in {"close", "back"}:
        return services.decide_closing(actor=user, incident=found, close=step == "close", note=note)
    raise NotFound()


@for_roles(Role.COMPLIANCE)
def incident_notice(request: StaffRequest, pk: int, recipient: str) -> HttpResponse:
    """A notice, drafted from the facts: read, changed, recorded as it was given."""
    found = _incident(request, pk)
    if recipient not in IncidentNotice.Recipient.values:
        raise NotFound()
    initial = {"text": services.draft_notice(found, recipient), "given_at": clock.now()}
    form = NoticeForm(
        request.POST or None, initial=initial, to_persons=recipient == IncidentNotice.Recipient.PERSONS
    )
    titles = {"authority": _("Notice to the authority"), "persons": _("Notice to the persons concerned")}

    def give(cleaned: dict[str, Any]) -> object:
        at = min(cleaned["given_at"], clock.now())
        return services.give_notice(
            actor=request.user, incident=found, recipient=recipient, **{**cleaned, "given_at": at}
        )

    return form_page(
        request,
        form,
        title=titles[recipient],
        back=reverse("incident", kwargs={"pk": pk}),
        done=_("Recorded."),
        change=give,
    )


@for_roles(Role.COMPLIANCE)
@require_GET
def incident_report(request: StaffRequest, pk: int) -> HttpResponse:
    found = _incident(request, pk)
    record_page(request, subject=found.public_id, purpose="incident", kind=AccessEvent.Kind.EXPORTED)
    return attachment(papers.incident_pdf(found), name=f"{found.public_id}.pdf", kind="application/pdf")


@for_roles(*RECORDERS)
@require_GET
def incident_tasks(request: StaffRequest) -> HttpResponse:
    """What the viewer has to do about incidents."""
    return render(request, "governance/tasks.html", {"tasks": queries.tasks_of(request.user)})


@for_roles(*RECORDERS)
@require_POST
def incident_task_done(request: StaffRequest, pk: int) -> HttpResponse:
    mine = queries.tasks_of(request.user).filter(pk=pk).first()
    task = mine or get_object_or_404(IncidentTask, pk=pk, incident__in=queries.incidents_of(request.user))
    said(request, lambda: services.finish_task(actor=request.user, task=task), _("Done."))
    return (
        redirect("incident_tasks")
        if mine and request.user.role != Role.COMPLIANCE
        else redirect("incident", pk=task.incident_id)
    )
