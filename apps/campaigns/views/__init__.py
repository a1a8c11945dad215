"""Pages around campaigns, one file a subject."""

from .campaigns import campaign, campaign_agent, campaign_grant_ask, campaign_move, campaign_new, campaigns
from .clients import client_add, client_change, clients
from .contacts import contact_reveal, contact_search, contacts, import_new

__all__ = [
    "campaign",
    "campaign_agent",
    "campaign_grant_ask",
    "campaign_move",
    "campaign_new",
    "campaigns",
    "client_add",
    "client_change",
    "clients",
    "contact_reveal",
    "contact_search",
    "contacts",
    "import_new",
]
