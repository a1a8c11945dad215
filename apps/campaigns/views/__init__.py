"""Pages around campaigns, one file a subject."""

from .campaigns import campaign_agent, campaign_grant_ask, campaign_move, campaign_new, campaign_pin, campaigns
from .clients import client_add, client_change, clients
from .contacts import contact_reveal, contact_search, contact_zone, contacts, import_new
from .lines import exception_ask, exception_decide, filing_new, line_change, line_new, lines

__all__ = [
    "campaign_agent",
    "campaign_grant_ask",
    "campaign_move",
    "campaign_new",
    "campaign_pin",
    "campaigns",
    "client_add",
    "client_change",
    "clients",
    "contact_reveal",
    "contact_search",
    "contact_zone",
    "contacts",
    "exception_ask",
    "exception_decide",
    "filing_new",
    "import_new",
    "line_change",
    "line_new",
    "lines",
]
