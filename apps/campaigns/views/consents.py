"""What a contact agreed to, and whether they are of age: recorded, withdrawn, taken back."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import record_page
from apps.contacts import services
from apps.contacts.forms import AdultForm, ConsentForm, HowForm, MinorForm
from apps.contacts.models import Consent, Contact
from apps.core.crypto import encrypted_files
from apps.core.errors import NotFound
from apps.ui.decorators import for_roles
from apps.ui.pages import attachment, content_of, form_page

from .. import queries

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


def _contact(request: StaffRequest, pk: int) -> tuple[Contact, str]:
    return get_object_or_404(queries.contacts_of(request.user), pk=pk), reverse("contact", kwargs={"pk": pk})


@for_roles(*STAFF)
def consent_new(request: StaffRequest, pk: int) -> HttpResponse:
    found, back = _contact(request, pk)
    form = ConsentForm(request.POST or None, request.FILES or None, source=found.source)
    return form_page(
        request, form, title=_("Record a consent"), back=back, done=_("Recorded."),
        change=lambda payload: services.record_consent(
            actor=request.user, contact=found,
            **{name: payload[name] for name in form.fields if name != "file"},
            **content_of(payload["file"]),
        ),
    )  # fmt: skip


@for_roles(*READERS)
def consent_withdraw(request: StaffRequest, pk: int, consent: int) -> HttpResponse:
    """Anyone who hears it records it: it holds from that moment on."""
    found, back = _contact(request, pk)
    given = get_object_or_404(
        found.consents.filter(withdrawn_at__isnull=True).select_related("contact", "purpose"), pk=consent
    )
    return form_page(
        request, HowForm(request.POST or None),
        title=_("Withdraw the consent: %(purpose)s") % {"purpose": given.purpose}, back=back,
        done=_("Withdrawn. No marketing call stands on it any more."),
        change=lambda payload: services.withdraw_consent(actor=request.user, consent=given,
        how=payload["how"]),
    )  # fmt: skip


@for_roles(*STAFF)
@require_GET
def consent_evidence(request: StaffRequest, pk: int, consent: int) -> HttpResponse:
    """What shows the consent, as it was handed in. Reading it is in the trail."""
    found, _back = _contact(request, pk)
    given: Consent = get_object_or_404(found.consents.exclude(evidence_file=""), pk=consent)
    record_page(request, subject=found.public_id, purpose="evidence of a consent")
    return attachment(encrypted_files.get(given.evidence_file), name=f"consent-{given.pk}")


@for_roles(*READERS)
def minor_flag(request: StaffRequest, pk: int) -> HttpResponse:
    found, back = _contact(request, pk)
    return form_page(
        request, MinorForm(request.POST or None), title=_("The client is a minor"), back=back,
        done=_("Noted. No marketing call goes to this client any more."),
        change=lambda payload: services.flag_minor(actor=request.user, contact=found,
        reason=payload["reason"]),
    )  # fmt: skip


@for_roles(Role.COMPLIANCE)
def minor_lift(request: StaffRequest, pk: int) -> HttpResponse:
    found, back = _contact(request, pk)
    if not found.is_minor:
        raise NotFound()
    return form_page(
        request, AdultForm(request.POST or None, request.FILES or None), title=_("The client is of age"),
        back=back, done=_("Taken back."),
        change=lambda payload: services.lift_minor(
            actor=request.user, contact=found, reference=payload["reference"], **content_of(payload["file"])
        ),
    )  # fmt: skip
