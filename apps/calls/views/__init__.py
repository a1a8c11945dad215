"""Pages around calls, one file a subject."""

from .alerts import flag_close, flags, ticket_close, tickets
from .campaigns import campaign, forecast, forecast_campaign, forecast_draft, forecast_list
from .contacts import contact
from .decisions import decision, decisions
from .desk import (
    desk,
    desk_break,
    desk_break_end,
    desk_call,
    desk_end,
    desk_later,
    desk_next,
    desk_opt_out,
    desk_postpone,
    desk_result,
    desk_state,
    desk_take,
)

__all__ = [
    "campaign",
    "contact",
    "decision",
    "decisions",
    "desk",
    "desk_break",
    "desk_break_end",
    "desk_call",
    "desk_end",
    "desk_later",
    "desk_next",
    "desk_opt_out",
    "desk_postpone",
    "desk_result",
    "desk_state",
    "desk_take",
    "flag_close",
    "flags",
    "forecast",
    "forecast_campaign",
    "forecast_draft",
    "forecast_list",
    "ticket_close",
    "tickets",
]
