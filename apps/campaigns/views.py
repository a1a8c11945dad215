"""Pages of campaigns, their lists and the contacts in them."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.decorators import for_roles
from apps.accounts.models import User
from apps.accounts.requests import StaffRequest
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_page
from apps.contacts import services as contact_services
from apps.core import blind_index, phones
from apps.core.errors import BadInput, NotFound
from apps.core.paging import page_of

from . import queries, services
from .filters import ContactFilter
from .forms import AgentForm, CampaignForm, NumberForm, UploadForm
from .models import QueueEntry
from .tables import CampaignTable, ContactTable

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*READERS)
@require_GET
def contacts(request: StaffRequest) -> HttpResponse:
    """The contacts of the viewer's campaigns, masked."""
    filtered = ContactFilter(request.GET, queryset=queries.contacts_of(request.user), request=request)
    filtered.filters["campaign"].field.queryset = queries.campaigns_of(request.user)
    page = page_of(filtered.qs, request.GET)
    record_page(request, subject="contact:list", purpose="list", count=len(page.rows))
    shown = {
        "table": ContactTable(page.rows),
        "page": page,
        "filter": filtered,
        "number_form": NumberForm(),
        "may_import": request.user.role in STAFF,
    }
    return render(request, "campaigns/contacts.html", shown)


@for_roles(*READERS)
@require_POST
def contact_search(request: StaffRequest) -> HttpResponse:
    """Find one contact by its whole number, through the blind index."""
    form = NumberForm(request.POST)
    found = None
    if form.is_valid():
        try:
            index = blind_index.number_index(phones.normalise(form.cleaned_data["number"]))
        except phones.PhoneInvalid as error:
            messages.error(request, str(error))
            return redirect("contacts")
        found = queries.contacts_of(request.user).filter(number_index=index).first()
    record_page(request, subject=found.public_id if found else "none", purpose="search", kind=AccessEvent.Kind.SEARCHED)
    if found is None:
        messages.info(request, _("No contact of yours has this number."))
        return redirect("contacts")
    return redirect("contact", pk=found.pk)


@for_roles(*READERS)
@require_GET
def campaigns(request: StaffRequest) -> HttpResponse:
    page = page_of(queries.campaigns_of(request.user), request.GET)
    shown = {"table": CampaignTable(page.rows), "page": page, "may_write": request.user.role == Role.SUPERVISOR}
    return render(request, "campaigns/list.html", shown)


@for_roles(*READERS)
@require_GET
def campaign(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        queries.campaigns_of(request.user).select_related("filing", "script", "purpose", "approved_by", "created_by"), pk=pk
    )
    counts = dict(found.entries.values_list("state").annotate(count=Count("pk")))
    agents = User.objects.filter(campaignuserpermission__content_object=found, campaignuserpermission__permission__codename="work")
    shown = {
        "campaign": found,
        "counts": [(label, counts.get(state, 0)) for state, label in QueueEntry.State.choices],
        "agents": agents,
        "agent_form": AgentForm(),
        "missing": services.what_is_missing(found) if found.state == "draft" else [],
        "may_run": request.user.role == Role.SUPERVISOR,
        "may_approve": request.user.role == Role.COMPLIANCE,
        "script": found.script_in_force,
    }
    return render(request, "campaigns/detail.html", shown)


@for_roles(Role.SUPERVISOR)
def campaign_new(request: StaffRequest) -> HttpResponse:
    form = CampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        made = services.create_campaign(actor=request.user, lines=fields.pop("lines"), **fields)
        return redirect("campaign", pk=made.pk)
    return render(request, "form.html", {"form": form, "title": _("New campaign"), "back": "campaigns"})


STEPS = {"approve": services.approve_campaign, "run": services.run_campaign, "pause": services.pause_campaign, "end": services.end_campaign}


@for_roles(*STAFF)
@require_POST
def campaign_move(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    found = get_object_or_404(queries.campaigns_of(request.user), pk=pk)
    if step not in STEPS:
        raise NotFound()
    try:
        STEPS[step](actor=request.user, campaign=found)
    except BadInput as error:
        messages.error(request, str(error))
    return redirect("campaign", pk=pk)


@for_roles(Role.SUPERVISOR)
@require_POST
def campaign_agent(request: StaffRequest, pk: int) -> HttpResponse:
    """Assign an agent, or release the one named by the button."""
    found = get_object_or_404(queries.campaigns_of(request.user), pk=pk)
    form = AgentForm(request.POST)
    if form.is_valid():
        change = services.release_agent if "release" in request.POST else services.assign_agent
        change(actor=request.user, campaign=found, agent=form.cleaned_data["agent"])
    return redirect("campaign", pk=pk)


@for_roles(*STAFF)
def import_new(request: StaffRequest) -> HttpResponse:
    """Upload a list; what is refused says why and stores nothing."""
    form = UploadForm(request.POST or None, request.FILES or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            started = contact_services.start_import(
                actor=request.user,
                source=chosen["source"],
                file_name=chosen["file"].name,
                content=chosen["file"].read(),
                list_code=chosen["campaign"].code if chosen["campaign"] else "",
            )
        except BadInput as error:
            form.add_error("file", str(error))
        else:
            return redirect("import_preview", pk=started.pk)
    return render(request, "form.html", {"form": form, "title": _("Import a list"), "back": "contacts", "is_upload": True})
