"""Changes of rights, and the one way to a clear text; one file a subject."""

from .applying_roles import apply_roles
from .auditing import audit_permissions, resolve
from .disclosing import (
    LISTENING,
    PURPOSES,
    QuotaReached,
    disclose,
    disclose_to_person,
    has_field_right,
    require_field_right,
)
from .granting import ask_grant, decide_grant, end_grant, end_grants, end_lapsed_grants
from .looking_up import SearchQuotaReached, count_lookup, note_number, search_number, watch_list, watch_masks
from .reviewing_rights import close_due_reviews, decide_item, start_review

__all__ = [
    "LISTENING",
    "PURPOSES",
    "QuotaReached",
    "SearchQuotaReached",
    "apply_roles",
    "ask_grant",
    "audit_permissions",
    "close_due_reviews",
    "count_lookup",
    "decide_grant",
    "decide_item",
    "disclose",
    "disclose_to_person",
    "end_grant",
    "end_grants",
    "end_lapsed_grants",
    "has_field_right",
    "note_number",
    "require_field_right",
    "resolve",
    "search_number",
    "start_review",
    "watch_list",
    "watch_masks",
]
