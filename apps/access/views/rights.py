"""Pages of rights: the matrix, a person, a field, grants, permission audits, reviews."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.accounts.services import has_second_factor, open_requests
from apps.audit.models import AccessEvent
from apps.audit.tables import EventTable
from apps.core.calendar import clock
from apps.core.database.pages import page_of
from apps.core.errors import BadInput, HeguiError, NotFound
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of
from apps.ui.pages import for_each

from .. import queries, reports, services
from ..filters import GrantFilter
from ..forms import GrantForm, ReviewStartForm
from ..models import Finding, PermissionAudit, ProtectedField, ReviewItem
from ..tables import AuditTable, FindingTable, GrantTable, HeldTable, ReviewItemTable

READERS = (Role.ADMIN, Role.COMPLIANCE)
EVENTS_SHOWN = 50


@for_roles(*READERS)
@require_GET
def matrix(request: StaffRequest) -> HttpResponse:
    """Who may do what, and why; fifty people a page."""
    people = User.objects.select_related("department").filter(is_active=True)
    if wanted := request.GET.get("person", "").strip():
        people = people.filter(username__icontains=wanted[:80])
    if (role := request.GET.get("role", "")) in Role.values:
        people = people.filter(role=role)
    page = page_of(people, request.GET)
    rights = queries.rights_of_people(page.rows, clock.now())
    if what := request.GET.get("what", "").strip():
        rights = [held for held in rights if what in held.what]
    shown = {
        "table": HeldTable(rights),
        "page": page,
        "roles": Role.choices,
        "fields": ProtectedField.objects.order_by("name"),
        "asked": request.GET,
    }
    return render(request, "access/matrix.html", shown)


@for_roles(*READERS)
@require_GET
def field(request: StaffRequest, pk: int) -> HttpResponse:
    """One protected field: who can see, change or export it, and who did."""
    found = get_object_or_404(ProtectedField, pk=pk)
    events = (
        AccessEvent.objects.select_related("actor", "client")
        .filter(field=found.name)
        .order_by("-pk")[:EVENTS_SHOWN]
    )
    shown = {
        "field": found,
        "table": HeldTable(queries.who_may(found, clock.now())),
        "events": EventTable(events),
    }
    return render(request, "access/field.html", shown)


@for_roles(*READERS)
@require_GET
def person(request: StaffRequest, pk: int) -> HttpResponse:
    """One person: rights and why, sessions, what they read last; for admins what can be done."""
    found = get_object_or_404(User.objects.select_related("department"), pk=pk)
    events = (
        AccessEvent.objects.select_related("actor", "client")
        .filter(actor=found)
        .order_by("-pk")[:EVENTS_SHOWN]
    )
    alive = set(Session.objects.filter(expire_date__gt=clock.now()).values_list("session_key", flat=True))
    shown = {
        "person": found,
        "table": HeldTable(queries.rights_of_people([found], clock.now())),
        "events": EventTable(events),
        "sessions": [
            each
            for each in UserSession.objects.filter(user=found).order_by("-last_seen_at")
            if each.session_key in alive
        ],
        "may_manage": request.user.role == Role.ADMIN and request.user.pk != found.pk,
        "roles": Role.choices,
        "reset": found.factor_resets.filter(open_requests()).select_related("asked_by").first(),
        "asked_role": found.role_requests.filter(open_requests()).select_related("asked_by").first(),
        "has_factor": has_second_factor(found),
    }
    return render(request, "access/person.html", shown)


# -- grants


@for_roles(*Role.values)
@require_GET
def grants(request: StaffRequest) -> HttpResponse:
    chosen = GrantFilter(request.GET, queryset=queries.grants_of(request.user))
    return render(request, "access/grants.html", list_of(request, GrantTable, chosen).context)


@for_roles(*Role.values)
def grant_ask(request: StaffRequest) -> HttpResponse:
    form = GrantForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            services.ask_grant(actor=request.user, **form.cleaned_data)
        except HeguiError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Asked. Another person has to approve it."))
            return redirect("grants")
    return render(
        request, "form.html", {"form": form, "title": _("Ask for a temporary grant"), "back": "grants"}
    )


@for_roles(*Role.values)
@require_POST
@sudo
def grant_decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Approve, refuse or end, by the button that was pressed."""
    grant = get_object_or_404(queries.grants_of(request.user), pk=pk)
    if "end" in request.POST:
        services.end_grant(actor=request.user, grant=grant)
    else:
        services.decide_grant(actor=request.user, grant=grant, approve="approve" in request.POST)
    return redirect("grants")


# -- audits


@for_roles(*READERS)
@require_GET
def audits(request: StaffRequest) -> HttpResponse:
    listed = list_of(request, AuditTable, PermissionAudit.objects.select_related("requested_by"))
    return render(
        request, "access/audits.html", {**listed.context, "may_run": request.user.role == Role.ADMIN}
    )


@for_roles(Role.ADMIN)
@require_POST
def audit_run(request: StaffRequest) -> HttpResponse:
    return redirect("permission_audit", pk=services.audit_permissions(actor=request.user).pk)


@for_roles(*READERS)
@require_GET
def audit(request: StaffRequest, pk: int) -> HttpResponse:
    """The findings as a list to clear."""
    found = get_object_or_404(PermissionAudit, pk=pk)
    findings = found.findings.select_related("subject", "client", "owner")
    if (kind := request.GET.get("kind", "")) in Finding.Kind.values:
        findings = findings.filter(kind=kind)
    shown = {
        "audit": found,
        **list_of(request, FindingTable, findings).context,
        "counts": [
            (value, label, found.counts[value])
            for value, label in Finding.Kind.choices
            if value in found.counts
        ],
        "kind": kind,
    }
    return render(request, "access/audit.html", shown)


@for_roles(Role.ADMIN)
@require_POST
@sudo
def finding_resolve(request: StaffRequest, pk: int) -> HttpResponse:
    finding = get_object_or_404(Finding.objects.select_related("subject", "client"), pk=pk)
    services.resolve(actor=request.user, finding=finding)
    messages.success(request, _("Resolved."))
    return redirect("permission_audit", pk=finding.audit_id)


@for_roles(Role.ADMIN)
@require_POST
@sudo
def findings_resolve(request: StaffRequest, pk: int) -> HttpResponse:
    """Resolve those that were picked."""
    findings = get_object_or_404(PermissionAudit, pk=pk).findings.select_related("subject", "client")
    for_each(
        request, findings, lambda finding: services.resolve(actor=request.user, finding=finding),
        lambda made: ngettext("%(count)d finding is resolved.", "%(count)d findings are resolved.",
        made) % {"count": made},
    )  # fmt: skip
    return redirect("permission_audit", pk=pk)


@for_roles(*READERS)
@require_GET
def audit_report(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    """The audit as CSV or PDF."""
    found = get_object_or_404(PermissionAudit, pk=pk)
    if form not in {"csv", "pdf"}:
        raise NotFound()
    body, kind = (
        (reports.as_csv(found), "text/csv; charset=utf-8")
        if form == "csv"
        else (reports.as_pdf(found), "application/pdf")
    )
    answer = HttpResponse(body, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="permission-audit-{pk}.{form}"'
    return answer


# -- reviews


@for_roles(Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN)
@require_GET
def reviews(request: StaffRequest) -> HttpResponse:
    items = queries.review_items_of(request.user)
    if "all" not in request.GET:
        items = items.filter(verdict=ReviewItem.Verdict.OPEN)
    shown = {
        **list_of(request, ReviewItemTable, items).context,
        "form": ReviewStartForm(),
        "may_start": request.user.role == Role.ADMIN,
    }
    return render(request, "access/reviews.html", shown)


@for_roles(Role.ADMIN)
@require_POST
@sudo
def review_start(request: StaffRequest) -> HttpResponse:
    form = ReviewStartForm(request.POST)
    if form.is_valid():
        try:
            services.start_review(actor=request.user, **form.cleaned_data)
        except BadInput as error:
            messages.error(request, str(error))
    return redirect("reviews")


@for_roles(Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN)
@require_POST
def review_decide(request: StaffRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(queries.review_items_of(request.user), pk=pk)
    services.decide_item(actor=request.user, item=item, confirm="confirm" in request.POST)
    return redirect("reviews")


@for_roles(Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN)
@require_POST
def reviews_decide(request: StaffRequest) -> HttpResponse:
    """Confirm or revoke those that were picked."""
    for_each(
        request, queries.review_items_of(request.user),
        lambda item: services.decide_item(actor=request.user, item=item, confirm="confirm" in request.POST),
        lambda made: ngettext("%(count)d right is decided.", "%(count)d rights are decided.",
        made) % {"count": made},
    )  # fmt: skip
    return redirect("reviews")
