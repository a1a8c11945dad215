"""Pages around campaigns, one file a subject."""

from .campaigns import (
    campaign_agent,
    campaign_edit,
    campaign_grant_ask,
    campaign_move,
    campaign_new,
    campaign_pin,
    campaigns,
)
from .clients import client_add, client_change, clients
from .consents import consent_evidence, consent_new, consent_withdraw, minor_flag, minor_lift
from .contacts import contact_reveal, contact_search, contact_zone, contacts, contacts_by_number, import_new
from .lines import exception_ask, exception_decide, filing_new, line_change, line_new, lines
from .purposes import brand_new, brand_retire, purpose_new, purpose_retire, purposes

__all__ = [
    "brand_new",
    "brand_retire",
    "campaign_agent",
    "campaign_edit",
    "campaign_grant_ask",
    "campaign_move",
    "campaign_new",
    "campaign_pin",
    "campaigns",
    "client_add",
    "client_change",
    "clients",
    "consent_evidence",
    "consent_new",
    "consent_withdraw",
    "contact_reveal",
    "contact_search",
    "contact_zone",
    "contacts",
    "contacts_by_number",
    "exception_ask",
    "exception_decide",
    "filing_new",
    "import_new",
    "line_change",
    "line_new",
    "lines",
    "minor_flag",
    "minor_lift",
    "purpose_new",
    "purpose_retire",
    "purposes",
]
