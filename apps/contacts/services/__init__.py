"""Changes to contacts, one file a subject."""

from .consenting import (
    carry_words,
    note_withdrawal,
    record_consent,
    replay_word,
    withdraw_consent,
    withdraw_consents,
)
from .doubting import end_consent, keep_consent, raise_doubt, replay_doubt
from .import_reports import report_lines, report_workbook
from .importing import choose_heading, confirm_import, discard_import, import_now, run_import, start_import
from .minors import flag_minor, know_minor, lift_minor
from .previewing import forecast
from .purposes import record_purpose, retire_purpose
from .sources import (
    add_agreement,
    approve_source,
    approve_wording,
    create_source,
    propose_wording,
    refuse_source,
    withdraw_source,
)
from .undoing import correct_rows, take_back
from .zones import correct_name, set_zone

__all__ = [
    "add_agreement",
    "approve_source",
    "approve_wording",
    "carry_words",
    "choose_heading",
    "confirm_import",
    "correct_name",
    "correct_rows",
    "create_source",
    "discard_import",
    "end_consent",
    "flag_minor",
    "forecast",
    "import_now",
    "keep_consent",
    "know_minor",
    "lift_minor",
    "note_withdrawal",
    "propose_wording",
    "raise_doubt",
    "record_consent",
    "record_purpose",
    "refuse_source",
    "replay_doubt",
    "replay_word",
    "report_lines",
    "report_workbook",
    "retire_purpose",
    "run_import",
    "set_zone",
    "start_import",
    "take_back",
    "withdraw_consent",
    "withdraw_consents",
    "withdraw_source",
]
