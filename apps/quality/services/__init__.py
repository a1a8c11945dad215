"""Changes to recordings, reviews, violations and complaints; one file a subject."""

from .complaining import (
    base_of_ours,
    close_complaint,
    compared,
    escalate_complaints,
    link_call,
    move_complaint,
    note_complaint_of_desk,
    record_base,
    record_complaint,
    reopen_complaint,
    step,
)  # fmt: skip
from .correcting import check_action, escalate_overdue, has_grave, move_action, open_violation, reopen, report_done
from .measuring_sound import measure_received, measure_recording
from .packs import drop_packs_of
from .playing import Piece, begin_play, end_play, note_heard, serve, write_plays
from .recording import AnotherRecording, OfAnotherCall, TooLarge, open_recording, receive_recording
from .reviewing import appeal, approve_card, delete_remark, free_forgotten, give_verdict, remark, settle, take, take_next, write_card
from .sampling import choose_by_hand, end_plan, sample_day, sample_due, write_plan
from .transcribing import AnotherTranscript, examine_again, opened, take_transcript, transcribe_due
from .watching import report_missing, watch_lines

__all__ = [
    "AnotherRecording",
    "AnotherTranscript",
    "OfAnotherCall",
    "Piece",
    "TooLarge",
    "appeal",
    "approve_card",
    "base_of_ours",
    "begin_play",
    "check_action",
    "choose_by_hand",
    "close_complaint",
    "compared",
    "delete_remark",
    "drop_packs_of",
    "end_plan",
    "end_play",
    "escalate_complaints",
    "escalate_overdue",
    "examine_again",
    "free_forgotten",
    "give_verdict",
    "has_grave",
    "link_call",
    "measure_received",
    "measure_recording",
    "move_action",
    "move_complaint",
    "note_complaint_of_desk",
    "note_heard",
    "open_recording",
    "open_violation",
    "opened",
    "receive_recording",
    "record_base",
    "record_complaint",
    "remark",
    "reopen",
    "reopen_complaint",
    "report_done",
    "report_missing",
    "sample_day",
    "sample_due",
    "serve",
    "settle",
    "step",
    "take",
    "take_next",
    "take_transcript",
    "transcribe_due",
    "watch_lines",
    "write_card",
    "write_plan",
    "write_plays",
]  # fmt: skip
