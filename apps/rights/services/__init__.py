"""Changes to requests of persons, one file a subject."""

from .certifying import as_pdf, certificate_of, is_genuine
from .copying import ask_copy, fetch_copy, make_copy
from .executing import execute, finish_remainders, preview
from .handling import add_note, move_request, pause_request, refuse_request, verify_identity
from .receiving import ask_by_page, confirm_by_page, drop_unconfirmed, record_request
from .watching_deadlines import watch_deadlines

__all__ = [
    "add_note", "as_pdf", "ask_by_page", "ask_copy", "certificate_of", "confirm_by_page", "drop_unconfirmed",
    "execute", "fetch_copy",
    "finish_remainders", "is_genuine", "make_copy", "move_request", "pause_request", "preview",
    "record_request", "refuse_request",
    "verify_identity", "watch_deadlines",
]  # fmt: skip
