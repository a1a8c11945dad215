"""Changes around calls, one file a subject."""

from apps.core.errors import KeyReused

from .breaks import begin_break, end_break, end_forgotten_breaks
from .calling import TakenEvent, claim_call, end_lost_calls, expire_reservations, record_event, request_end
from .deciding import Answer, authorize, find_number, preview
from .desk import Unticked, hold_next, opt_out_on_desk, place_call
from .explaining import explain
from .flagging import close_flag, measure
from .forecasting import ask_list, ask_what_if, run_forecast
from .opting_out import take_opt_out
from .postponing import postpone, take_up
from .relaying import NotThisCall, may_be_led_on, relay_allowed, relay_reserved
from .results import close_ticket, write_disposition

__all__ = [
    "Answer",
    "KeyReused",
    "NotThisCall",
    "TakenEvent",
    "Unticked",
    "ask_list",
    "ask_what_if",
    "authorize",
    "begin_break",
    "claim_call",
    "close_flag",
    "close_ticket",
    "end_break",
    "end_forgotten_breaks",
    "end_lost_calls",
    "expire_reservations",
    "explain",
    "find_number",
    "hold_next",
    "may_be_led_on",
    "measure",
    "opt_out_on_desk",
    "place_call",
    "postpone",
    "preview",
    "record_event",
    "relay_allowed",
    "relay_reserved",
    "request_end",
    "run_forecast",
    "take_opt_out",
    "take_up",
    "write_disposition",
]
