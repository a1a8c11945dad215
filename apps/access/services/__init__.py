"""Changes of rights, and the one way to a clear text; one file a subject."""

from .auditing import audit_permissions, mend
from .disclosing import LISTENING, PURPOSES, QuotaReached, disclose, disclose_to_person, has_field_right, require_field_right
from .granting import ask_grant, decide_grant, end_grant, end_lapsed_grants
from .reviewing import close_due_reviews, decide_item, start_review
from .roles import apply_roles

__all__ = [
    "LISTENING",
    "PURPOSES",
    "QuotaReached",
    "apply_roles",
    "ask_grant",
    "audit_permissions",
    "close_due_reviews",
    "decide_grant",
    "decide_item",
    "disclose",
    "disclose_to_person",
    "end_grant",
    "end_lapsed_grants",
    "has_field_right",
    "mend",
    "require_field_right",
    "start_review",
]
