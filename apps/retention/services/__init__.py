"""Changes of retention, one file a subject."""

from .backing_up import back_up, back_up_by_schedule, watch_backups
from .checking import check_consistency
from .holding import end_hold, place_hold, remind_of_holds
from .purging import begin_erasure, count_due, finish_erasures, purge
from .remembering import watch_ledger, write_register, write_register_now
from .restoring import drill, replay, restore

__all__ = [
    "back_up", "back_up_by_schedule", "begin_erasure", "check_consistency", "count_due", "drill", "end_hold", "finish_erasures",
    "place_hold", "purge", "remind_of_holds", "replay", "restore", "watch_backups", "watch_ledger", "write_register", "write_register_now",
]  # fmt: skip
