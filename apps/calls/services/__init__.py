"""Changes around calls, one file a subject."""

from apps.core.errors import KeyReused

from .calling import Taken, claim_call, end_lost_calls, expire_reservations, record_event, request_end
from .deciding import Answer, authorize, find_number, preview
from .desk import close_ticket, hold_next, opt_out_on_desk, place_call, release_hold, write_disposition
from .explaining import explain
from .flagging import close_flag, measure
from .forecasting import ask_list, ask_what_if, run_forecast
from .opting_out import take_opt_out
from .relaying import NotThisCall, relay_allowed, relay_reserved

__all__ = [
    "Answer",
    "KeyReused",
    "NotThisCall",
    "Taken",
    "ask_list",
    "ask_what_if",
    "authorize",
    "claim_call",
    "close_flag",
    "close_ticket",
    "end_lost_calls",
    "expire_reservations",
    "explain",
    "find_number",
    "hold_next",
    "measure",
    "opt_out_on_desk",
    "place_call",
    "preview",
    "record_event",
    "relay_allowed",
    "relay_reserved",
    "release_hold",
    "request_end",
    "run_forecast",
    "take_opt_out",
    "write_disposition",
]
