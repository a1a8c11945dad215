"""The contacts of the viewer's campaigns: the list, the search, a reveal, the way in."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.access import services as access
from apps.access.forms import RevealForm
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import address_of, record_page
from apps.contacts import services as contact_services
from apps.contacts.models import Contact
from apps.core.crypto import blind_index
from apps.core.database.pages import page_of, place_of
from apps.core.errors import BadInput, HeguiError, NotFound
from apps.core.privacy import phones
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of

from .. import queries
from ..filters import ContactFilter
from ..forms import NumberForm, UploadForm, ZoneForm
from ..services import contact_list_of
from ..tables import ContactTable

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*READERS)
@require_GET
def contacts(request: StaffRequest) -> HttpResponse:
    """The contacts of the viewer's campaigns, masked."""
    place = place_of(request.GET, ContactTable.sort_of(request.GET) or ContactTable.usual)
    filtered = ContactFilter(
        request.GET, queryset=queries.contacts_of(request.user, place=place), viewer=request.user, place=place
    )
    listed = list_of(request, ContactTable, filtered, few=filtered.finds_few)
    record_page(request, subject="contact:list", purpose="list", count=len(listed.page.rows))
    shown = {**listed.context, "number_form": NumberForm(), "may_import": request.user.role in STAFF}
    return render(request, "campaigns/contacts.html", shown)


@for_roles(*READERS)
@require_POST
def contact_search(request: StaffRequest) -> HttpResponse:
    """Find one contact by its whole number, or those that end in four digits, through the blind indexes."""
    return contacts_by_number(request, NumberForm(request.POST))


def contacts_by_number(request: StaffRequest, form: NumberForm) -> HttpResponse:
    """The contact, or those of the viewer's that end in the digits; else the list, which says that there is
    none."""
    if not form.is_valid():
        return redirect("contacts")
    number = None
    try:
        number = None if form.last4 else phones.normalise(form.cleaned_data["number"])
        access.search_number(actor=request.user, number=number)
    except (phones.PhoneInvalid, access.SearchQuotaReached) as error:
        messages.error(request, str(error))
        record_page(request, subject="none", purpose="search", kind=AccessEvent.Kind.SEARCHED)
        return redirect("contacts")
    if number is None:
        return _ending_in(request, form)
    found = queries.contacts_of(request.user).filter(number_index=blind_index.number_index(number)).first()
    record_page(
        request,
        subject=found.public_id if found else "none",
        purpose="search",
        kind=AccessEvent.Kind.SEARCHED,
    )
    if found is None:
        messages.info(request, _("No contact of yours has this number."))
        return redirect("contacts")
    return redirect("contact", pk=found.pk)


def _ending_in(request: StaffRequest, form: NumberForm) -> HttpResponse:
    """The newest contacts whose number ends in these digits; the digits stand in no address."""
    page = page_of(
        queries.contacts_of(request.user).filter(last4_index__in=blind_index.last4_indexes(form.last4)),
        QueryDict(),
    )
    record_page(
        request,
        subject="contact:list",
        purpose="search",
        count=len(page.rows),
        kind=AccessEvent.Kind.SEARCHED,
    )
    if not page.rows:
        messages.info(request, _("No contact of yours ends in these digits."))
        return redirect("contacts")
    table = ContactTable(page.rows, request=request)
    return render(
        request,
        "campaigns/contacts_found.html",
        {"table": table, "has_more": bool(page.next_query), "number_form": NumberForm()},
    )


SHOWN_SECONDS = 30


@for_roles(*STAFF)
@sudo
def contact_reveal(request: StaffRequest, pk: int, field: str) -> HttpResponse:
    """One value in clear, for half a minute: after the password, with purpose and reason, in the trail."""
    contact: Contact = get_object_or_404(queries.contacts_of(request.user), pk=pk)
    if field not in Contact.PROTECTED or not queries.may_see(request.user, contact, field):
        raise NotFound()
    form = RevealForm(request.POST or None)
    shown = {"contact": contact, "field": field, "form": form, "label": Contact.label_of(field)}
    if request.method == "POST" and form.is_valid():
        try:
            shown["clear"] = access.disclose(
                actor=request.user,
                obj=contact,
                field=field,
                foreign=queries.is_foreign(request.user, contact),
                address=address_of(request),
                **form.cleaned_data,
            )
        except HeguiError as error:
            form.add_error(None, str(error))
    answer = render(request, "campaigns/reveal.html", shown)
    answer["Cache-Control"] = "no-store"
    if "clear" in shown:
        answer["Refresh"] = f"{SHOWN_SECONDS}; url={reverse('contact', kwargs={'pk': pk})}"
    return answer


@for_roles(*STAFF)
@require_POST
def contact_zone(request: StaffRequest, pk: int) -> HttpResponse:
    """Set the contact's time zone."""
    contact: Contact = get_object_or_404(queries.contacts_of(request.user), pk=pk)
    form = ZoneForm(request.POST)
    if form.is_valid():
        try:
            contact_services.set_zone(
                actor=request.user, contact=contact, zone=form.cleaned_data["zone"].strip()
            )
        except BadInput as error:
            messages.error(request, str(error))
    return redirect("contact", pk=pk)


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
                file=chosen["file"],
                contact_list=contact_list_of(chosen["campaign"]) if chosen["campaign"] else None,
            )
        except BadInput as error:
            form.add_error("file", str(error))
        else:
            return redirect("import_preview", pk=started.pk)
    return render(request, "form.html", {"form": form, "title": _("Import a list"), "back": "contacts"})
