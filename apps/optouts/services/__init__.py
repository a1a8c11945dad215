"""Changes of the register, one file a subject."""

from .coding import ask_code, use_code
from .feeding import as_payload, changes, give_positions, hashes_for
from .lifting import approve_lift, ask_lift, refuse_lift
from .linking import has_left, link_of, make_link, use_link
from .listing import pass_row, register_row, run_list, take_list
from .messages import confirm, dismiss, id_of_message, remind_of_messages, take_message
from .recording import KeyGone, carry_refusals, is_ours, record_by_hand, record_opt_out
from .scrubbing import ask_scrub, result_of, run_scrub, scrubbed

__all__ = [
    "KeyGone",
    "approve_lift",
    "as_payload",
    "ask_code",
    "ask_lift",
    "ask_scrub",
    "carry_refusals",
    "changes",
    "confirm",
    "dismiss",
    "give_positions",
    "has_left",
    "hashes_for",
    "id_of_message",
    "is_ours",
    "link_of",
    "make_link",
    "pass_row",
    "record_by_hand",
    "record_opt_out",
    "refuse_lift",
    "register_row",
    "remind_of_messages",
    "result_of",
    "run_list",
    "run_scrub",
    "scrubbed",
    "take_list",
    "take_message",
    "use_code",
    "use_link",
]
