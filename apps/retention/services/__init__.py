"""Changes of retention, one file a subject."""

from .backing_up import back_up
from .checking_consistency import check_consistency, watch_consistency
from .erasures import begin_erasure, finish_erasures
from .escrow import join_keyring, split_keyring
from .holding import end_hold, place_hold, remind_of_holds
from .leaks import Search, leak_scan
from .purging import count_due, purge
from .replaying import replay
from .restoring import restore
from .rotating_index import turn_index
from .rotating_keys import add_keys, count_waiting, retire_key, rotate_keys
from .scheduling import back_up_by_schedule, is_late, last_good, run_drill, secrets_of_site, watch_backups
from .upgrading import upgrade
from .writing_ledger import watch_ledger, write_register, write_register_now

__all__ = [
    "Search",
    "add_keys",
    "back_up",
    "back_up_by_schedule",
    "begin_erasure",
    "check_consistency",
    "count_due",
    "count_waiting",
    "end_hold",
    "finish_erasures",
    "is_late",
    "join_keyring",
    "last_good",
    "leak_scan",
    "place_hold",
    "purge",
    "remind_of_holds",
    "replay",
    "restore",
    "retire_key",
    "rotate_keys",
    "run_drill",
    "secrets_of_site",
    "split_keyring",
    "turn_index",
    "upgrade",
    "watch_backups",
    "watch_consistency",
    "watch_ledger",
    "write_register",
    "write_register_now",
]  # fmt: skip
