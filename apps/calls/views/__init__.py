"""Pages around calls, one file a subject."""

from .alerts import flag_close, flags, ticket_close, tickets
from .campaigns import campaign, forecast, forecast_campaign, forecast_draft, forecast_list
from .contacts import contact
from .decisions import decision, decisions
from .desk import desk, desk_call, desk_end, desk_next, desk_opt_out, desk_result, desk_skip, desk_state

__all__ = [
    "campaign",
    "contact",
    "decision",
    "decisions",
    "desk",
    "desk_call",
    "desk_end",
    "desk_next",
    "desk_opt_out",
    "desk_result",
    "desk_skip",
    "desk_state",
    "flag_close",
    "flags",
    "forecast",
    "forecast_campaign",
    "forecast_draft",
    "forecast_list",
    "ticket_close",
    "tickets",
]
