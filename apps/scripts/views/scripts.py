"""Scripts and their versions: the list, one version, writing and handing in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import BadInput
from apps.policies import queries as policies
from apps.ui.decorators import for_roles
from apps.ui.lists import list_of

from .. import queries, services
from ..filters import VersionFilter
from ..forms import ScriptForm, ScriptRemarkForm, VerdictForm, VersionForm
from ..models import Script, ScriptVersion
from ..rules import SECTIONS, SectionRefused
from ..tables import VersionTable
from .sheet import sheet_of

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*READERS)
@require_GET
def scripts(request: StaffRequest) -> HttpResponse:
    chosen = VersionFilter(request.GET, queryset=queries.readable(request.user))
    shown = {
        **list_of(request, VersionTable, chosen, trades=policies.trade_names()).context,
        "may_write": request.user.role == Role.SUPERVISOR,
    }
    return render(request, "scripts/list.html", shown)


@for_roles(*READERS)
@require_GET
def script(request: StaffRequest, pk: int) -> HttpResponse:
    """One version: read by agents; with findings, remarks, difference and history for those who work on
    it."""
    version = get_object_or_404(queries.readable(request.user), pk=pk)
    sheet = sheet_of(version, request.user)
    shown = {
        "version": version,
        "sheet": sheet,
        "verdict_form": VerdictForm(initial={"verdict": "approve"}) if sheet.may_judge else None,
        "remark_form": ScriptRemarkForm() if sheet.may_remark else None,
    }
    return render(request, "scripts/detail.html", shown)


@for_roles(Role.SUPERVISOR)
def script_new(request: StaffRequest) -> HttpResponse:
    form = ScriptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_script(actor=request.user, **form.cleaned_data)
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            return redirect("version_new", script_pk=made.pk)
    return render(request, "form.html", {"form": form, "title": _("New script"), "back": "scripts"})


@for_roles(Role.SUPERVISOR)
def version_new(request: StaffRequest, script_pk: int) -> HttpResponse:
    """A new version starts from the last one."""
    found = get_object_or_404(Script, pk=script_pk)
    last = found.versions.order_by("-number").first()
    initial = {name: getattr(last, name) for name in ("company", *SECTIONS)} if last else {}
    form = VersionForm(request.POST or None, initial=initial, script=found)
    if request.method == "POST" and form.is_valid():
        try:
            version = services.write_version(actor=request.user, script=found, **form.cleaned_data)
        except BadInput as error:
            _tell(form, error)
        else:
            return redirect("script", pk=version.pk)
    return render(
        request,
        "form.html",
        {"form": form, "title": _("%(script)s: new version") % {"script": found}, "back": "scripts"},
    )


@for_roles(Role.SUPERVISOR)
def version_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Other words for one's own draft."""
    drafts = queries.readable(request.user).filter(author=request.user, state=ScriptVersion.State.DRAFT)
    version = get_object_or_404(drafts, pk=pk)
    form = VersionForm(request.POST or None, instance=version, script=version.script)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_draft(actor=request.user, version=version, **form.cleaned_data)
        except BadInput as error:
            _tell(form, error)
        else:
            return redirect("script", pk=pk)
    return render(
        request,
        "form.html",
        {"form": form, "title": _("%(script)s: change the draft") % {"script": version}, "back": "scripts"},
    )


def _tell(form: VersionForm, error: BadInput) -> None:
    """The sentence at the section that it is about."""
    section = error.section if isinstance(error, SectionRefused) and error.section in form.fields else None
    form.add_error(section, str(error))


@for_roles(Role.SUPERVISOR)
@require_POST
def script_submit(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand in, or take back, by the button that was pressed."""
    version = get_object_or_404(queries.readable(request.user), pk=pk)
    try:
        if "take_back" in request.POST:
            services.take_back(actor=request.user, version=version)
            messages.success(request, _("Taken back. Write the next version when you are ready."))
        else:
            services.submit(actor=request.user, version=version)
            messages.success(request, _("Submitted. Compliance reviews it."))
    except BadInput as error:
        messages.error(request, str(error))
    return redirect("script", pk=pk)
