"""Pages of scripts: write, submit, review."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.decorators import for_roles
from apps.accounts.requests import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import BadInput
from apps.core.paging import page_of

from . import queries, services
from .checking import advice_of
from .forms import ReviewForm, ScriptForm, VersionForm
from .models import Script, ScriptVersion
from .tables import VersionTable
from .wording import FINDINGS

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*READERS)
@require_GET
def scripts(request: StaffRequest) -> HttpResponse:
    page = page_of(queries.readable(request.user), request.GET)
    return render(
        request, "scripts/list.html", {"table": VersionTable(page.rows), "page": page, "may_write": request.user.role == Role.SUPERVISOR}
    )


@for_roles(*READERS)
@require_GET
def script(request: StaffRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(queries.readable(request.user), pk=pk)
    shown = {
        "version": version,
        "form": ReviewForm(),
        "may_review": request.user.role == Role.COMPLIANCE and version.state == "submitted" and version.author_id != request.user.pk,
        "may_retire": request.user.role == Role.COMPLIANCE and version.state == "approved",
        "may_submit": version.author_id == request.user.pk and version.state == "draft",
        "may_write": request.user.role == Role.SUPERVISOR,
        "findings": _findings(version) if request.user.role != Role.AGENT else [],
    }
    return render(request, "scripts/detail.html", shown)


def _findings(version: ScriptVersion) -> list[dict[str, Any]]:
    """What the automatic check says, with the passage and what to write instead."""
    text = services.spoken(version)
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    return [
        {"finding": each, "name": FINDINGS[each.code], "passage": text[each.start : each.end], "advice": advice_of(each.code, language)}
        for each in services.findings_of(version)
    ]


@for_roles(Role.SUPERVISOR)
def script_new(request: StaffRequest) -> HttpResponse:
    form = ScriptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("version_new", script_pk=form.save().pk)
    return render(request, "form.html", {"form": form, "title": _("New script"), "back": "scripts"})


@for_roles(Role.SUPERVISOR)
def version_new(request: StaffRequest, script_pk: int) -> HttpResponse:
    """A new version starts from the last one."""
    found = get_object_or_404(Script, pk=script_pk)
    last = found.versions.order_by("-number").first()
    initial = {name: getattr(last, name) for name in ("company", *services.SECTIONS)} if last else {}
    form = VersionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            version = services.write_version(actor=request.user, script=found, **form.cleaned_data)
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            return redirect("script", pk=version.pk)
    return render(request, "form.html", {"form": form, "title": f"{found}: {_('new version')}", "back": "scripts"})


@for_roles(Role.SUPERVISOR)
@require_POST
def script_submit(request: StaffRequest, pk: int) -> HttpResponse:
    services.submit(actor=request.user, version=get_object_or_404(queries.readable(request.user), pk=pk))
    messages.success(request, _("Submitted. Compliance reviews it."))
    return redirect("script", pk=pk)


@for_roles(Role.COMPLIANCE)
@require_POST
def script_review(request: StaffRequest, pk: int) -> HttpResponse:
    """Approve, send back or retire, by the button that was pressed."""
    version = get_object_or_404(queries.readable(request.user), pk=pk)
    note = request.POST.get("note", "")
    if "approve" in request.POST:
        try:
            services.approve(actor=request.user, version=version, note=note)
        except services.CheckBlocked as error:
            messages.error(request, str(error))
    elif "retire" in request.POST:
        services.retire(actor=request.user, version=version)
    else:
        services.send_back(actor=request.user, version=version, note=note)
    return redirect("script", pk=pk)
