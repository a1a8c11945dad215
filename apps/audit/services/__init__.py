"""Changes of the trail, one file a subject."""

from .alarming import close_alarm, look_for_alarms, raise_alarm, raise_alarm_about, take_alarm
from .dropping import count_due, drop_trail
from .exporting import export_trail
from .proving import heads_named, prove
from .signing import broken_chains, sign_trail, watch_tree_heads
from .verifying import check_trail, verify_export, verify_trail
from .writing import address_of, event_of_client, record_access, record_page

__all__ = [
    "address_of",
    "broken_chains",
    "check_trail",
    "close_alarm",
    "count_due",
    "drop_trail",
    "event_of_client",
    "export_trail",
    "heads_named",
    "look_for_alarms",
    "prove",
    "raise_alarm",
    "raise_alarm_about",
    "record_access",
    "record_page",
    "sign_trail",
    "take_alarm",
    "verify_export",
    "verify_trail",
    "watch_tree_heads",
]  # fmt: skip
