"""The page of a contact."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import record_page
from apps.campaigns import queries as campaigns
from apps.campaigns.forms import ZoneForm
from apps.campaigns.models import QueueEntry
from apps.contacts.models import Contact
from apps.contacts.services.consenting import RENEWAL
from apps.core.calendar import clock
from apps.ui.decorators import for_roles

from .. import queries, services
from ..services.desk import line_for
from .wording import in_words

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*READERS)
@require_GET
def contact(request: StaffRequest, pk: int) -> HttpResponse:
    """One contact, masked: what is known, what was agreed, and what the gate says now."""
    found = get_object_or_404(campaigns.contacts_of(request.user), pk=pk)
    entries = found.entries.filter(campaign__in=campaigns.campaigns_of(request.user)).select_related(
        "campaign"
    )
    record_page(request, subject=found.public_id, purpose="look up")
    shown = {
        "contact": found,
        "consents": found.consents.select_related("purpose", "wording").order_by("-given_at"),
        "now": clock.now(),
        "renew_before": clock.now() + RENEWAL,
        "minor": found.minor_flags.filter(lifted_at__isnull=True).first(),
        "calls": queries.calls_of(request.user, found)[:50],
        "revealable": [
            (name, Contact.label_of(name))
            for name in Contact.PROTECTED
            if campaigns.may_see(request.user, found, name)
        ],
        "gates": [_gate_now(request, found, entry) for entry in entries],
        "zone_form": ZoneForm(initial={"zone": found.zones[0] if len(found.zones) == 1 else ""}),
    }
    return render(request, "calls/contact.html", shown)


def _gate_now(request: StaffRequest, found: Any, entry: QueueEntry) -> dict[str, Any]:
    line = line_for(entry.campaign, clock.now())
    answer = services.preview(
        campaign=entry.campaign.code,
        phone=found.phone,
        line=line.number if line else "",
        agent=request.user if request.user.role == Role.AGENT else None,
    )
    retry_at = {reason["code"]: reason["retry_at"] for reason in answer.reasons}
    return {
        "campaign": entry.campaign,
        "entry": entry,
        "answer": answer,
        "reasons": in_words(list(retry_at), retry_at),
    }
