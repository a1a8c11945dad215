"""Changes in governance, one file a subject."""

from .assessing import (
    assessments_of,
    begin_assessment,
    decide_assessment,
    is_missing,
    may_write,
    send_back_assessment,
    submit_assessment,
    what_changed,
    write_assessment,
)
from .notifying_persons import draft_notice, give_notice, send_messages
from .recording_incidents import (
    add_task,
    ask_closing,
    change_facts,
    decide_about_persons,
    decide_closing,
    finish_task,
    hours_since_discovery,
    incident_of_alarm,
    note_incident,
    record_incident,
    watch_incidents,
    what_is_missing,
)
from .scoping import ask_scope, determine_scope
from .subjects import find, why_needed

__all__ = [
    "add_task",
    "ask_closing",
    "ask_scope",
    "assessments_of",
    "begin_assessment",
    "change_facts",
    "decide_about_persons",
    "decide_assessment",
    "decide_closing",
    "determine_scope",
    "draft_notice",
    "find",
    "finish_task",
    "give_notice",
    "hours_since_discovery",
    "incident_of_alarm",
    "is_missing",
    "may_write",
    "note_incident",
    "record_incident",
    "send_back_assessment",
    "send_messages",
    "submit_assessment",
    "watch_incidents",
    "what_changed",
    "what_is_missing",
    "why_needed",
    "write_assessment",
]
