"""Changes around calls, one file a subject."""

from .calling import claim_call, expire_reservations, record_event, request_end
from .deciding import Answer, authorize, check, find_number
from .desk import hold_next, opt_out_on_desk, place_call, release_hold, write_disposition

__all__ = [
    "Answer", "authorize", "check", "claim_call", "expire_reservations", "find_number", "hold_next", "opt_out_on_desk", "place_call",
    "record_event", "release_hold", "request_end", "write_disposition",
]
