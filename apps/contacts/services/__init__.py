"""Changes to contacts, one file a subject."""

from .importing import confirm_import, import_now, run_import, start_import
from .sources import approve_source, create_source, refuse_source, withdraw_source
from .zones import set_zone

__all__ = [
    "approve_source",
    "confirm_import",
    "create_source",
    "import_now",
    "refuse_source",
    "run_import",
    "set_zone",
    "start_import",
    "withdraw_source",
]
