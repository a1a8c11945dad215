"""Which notices are sent by e-mail too, and when (R8-R10, R20). Pure.

Somebody must act on each of these; what is only to be known stays in the inbox.
"""

from collections.abc import Mapping
from datetime import timedelta

# When a person wants e-mails (`MailChoice.Mode`).
AS_SET, AT_ONCE, DIGEST, OFF = "as_set", "at_once", "digest", "off"
# At once: until somebody acts, data is lost, a duty is broken, or somebody is harmed.
URGENT = frozenset({
    "agent_grave", "alarm_raised", "alarm_waits", "backup_old", "calendar_unknown", "client_walks",
    "complaint_overdue", "drill_failed",
    "factor_removed", "factor_reset_asked", "gateway_silent", "gateway_spool",
    "incident_authority_waits", "incident_recorded", "incident_task_overdue",
    "key_asked", "ledger_behind", "link_made", "messages_wait", "not_consistent", "purge_failed",
    "recording_damaged", "request_overdue", "role_asked", "spoofing", "trail_broken", "trail_not_signed",
    "webhook_given_up", "webhook_set_aside",
})  # fmt: skip
# Each morning: they wait for a person, and have a day.
DAILY = frozenset({
    "action_done", "action_overdue", "assessment_submitted", "audit_done", "audit_due", "audit_to_sign",
    "campaign_submitted", "complaint_recorded", "exception_asked", "flagged", "grant_asked",
    "hold_to_review", "incident_closing", "incident_task", "lift_asked",
    "line_unrecorded", "message_to_judge", "month_measured", "month_to_sign",
    "nonconformity_done", "nonconformity_opened", "nonconformity_overdue", "number_in_doubt", "pack_asked",
    "policy_draft",
    "recordings_missing", "request_due", "request_received", "request_unverified",
    "review_appealed", "review_due",
    "rule_blocks_script", "rule_written",
    "score_card_written", "script_changes_requested", "script_expired", "script_expires",
    "script_second_approver", "script_submitted",
    "share_asked", "violation_found",
})  # fmt: skip
BY_MAIL = URGENT | DAILY
# Facts of a notice that name a colleague or were written by one: not in an e-mail.
ABOUT_PEOPLE = ("person", "who", "agent", "note", "because", "client")

LEAST_PAUSE, MOST_PAUSE = timedelta(seconds=20), timedelta(hours=1)


def goes_at_once(code: str, mode: str) -> bool:
    """Whether a notice is sent now; those that are not, and are not switched off, wait for the morning."""
    return code in BY_MAIL and (mode == AT_ONCE or (mode == AS_SET and code in URGENT))


def goes_in_the_morning(code: str, mode: str) -> bool:
    return code in BY_MAIL and mode != OFF and not goes_at_once(code, mode)


def without_people(facts: Mapping[str, object], somebody: str) -> dict[str, object]:
    """The facts of a notice as an e-mail may tell them."""
    return {name: somebody if name in ABOUT_PEOPLE else value for name, value in facts.items()}


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many vain attempts."""
    return min(LEAST_PAUSE * 2 ** min(attempts - 1, 10), MOST_PAUSE)
