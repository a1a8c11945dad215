"""Changes to contacts, one file a subject."""

from .consenting import record_consent, withdraw_consent, withdraw_consents
from .doubting import end_consent, keep_consent, raise_doubt
from .importing import confirm_import, discard_import, import_now, run_import, start_import
from .minors import flag_minor, lift_minor
from .reporting import report_lines, report_workbook
from .sources import add_agreement, approve_source, approve_wording, create_source, propose_wording, refuse_source, withdraw_source
from .zones import correct_name, set_zone

__all__ = [
    "add_agreement",
    "approve_source",
    "approve_wording",
    "confirm_import",
    "correct_name",
    "create_source",
    "discard_import",
    "end_consent",
    "flag_minor",
    "import_now",
    "keep_consent",
    "lift_minor",
    "propose_wording",
    "raise_doubt",
    "record_consent",
    "refuse_source",
    "report_lines",
    "report_workbook",
    "run_import",
    "set_zone",
    "start_import",
    "withdraw_consent",
    "withdraw_consents",
    "withdraw_source",
]
