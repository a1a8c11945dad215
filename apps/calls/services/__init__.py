"""Changes around calls, one file a subject."""

from .calling import claim_call, end_lost_calls, expire_reservations, record_event, request_end
from .deciding import Answer, KeyReused, authorize, find_number, preview
from .desk import hold_next, opt_out_on_desk, place_call, release_hold, write_disposition

__all__ = [
    "Answer",
    "KeyReused",
    "authorize",
    "claim_call",
    "end_lost_calls",
    "expire_reservations",
    "find_number",
    "hold_next",
    "opt_out_on_desk",
    "place_call",
    "preview",
    "record_event",
    "release_hold",
    "request_end",
    "write_disposition",
]
