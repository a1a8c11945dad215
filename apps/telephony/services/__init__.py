"""Changes around the telephone system, one file a subject."""

from .answering_invites import InviteAnswer, InviteQuestion, ask
from .configuring import configuration
from .connector_reports import take_report
from .ending import end_call
from .keeping import record_dialler, record_trunk, set_digest, set_in_use
from .watching_gateways import watch

__all__ = [
    "InviteAnswer",
    "InviteQuestion",
    "ask",
    "configuration",
    "end_call",
    "record_dialler",
    "record_trunk",
    "set_digest",
    "set_in_use",
    "take_report",
    "watch",
]
