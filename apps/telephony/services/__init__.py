"""Changes around the telephone system, one file a subject."""

from .asking import InviteAnswer, InviteQuestion, ask
from .configuring import configuration
from .ending import end_call
from .keeping import record_dialler, record_trunk, set_digest, set_in_use
from .reporting import take_report
from .watching import watch

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
