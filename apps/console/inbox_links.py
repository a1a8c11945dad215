"""Where a notice of the inbox leads: to its thing, else to the list where it waits; nowhere that its reader
may not go."""

import re
from collections.abc import Mapping
from typing import Any

from django.urls import NoReverseMatch, resolve, reverse

from apps.accounts.models import User

from .searching import page_of_id

_PUBLIC_ID = re.compile(r"[a-z]{2}_[0-9a-z]{1,13}")
# Notices without one thing of their own: the page where what they say is found.
PAGES: Mapping[str, str] = {
    "factor_reset_asked": "second_person", "role_asked": "second_person", "key_asked": "second_person",
    "not_agreed": "people", "role_given": "home", "key_agreed": "api_clients",
    "factor_removed": "mfa_index", "link_made": "people",
    "alarm_raised": "alarms", "alarm_waits": "alarms", "reveals_many": "alarms", "reveal_at_night": "trail",
    "reveal_foreign": "trail",
    "client_walks": "alarms", "trail_broken": "tree_heads", "trail_not_signed": "tree_heads",
    "message_given_up": "duties", "webhook_given_up": "end_points", "webhook_set_aside": "end_points",
    "grant_asked": "grants", "grant_decided": "grants", "review_due": "reviews",
    "audit_done": "permission_audits",
    "spoofing": "flags", "flagged": "flags", "agent_grave": "actions", "calendar_unknown": "policies",
    "policy_draft": "policies",
    "lift_asked": "opt_outs", "messages_wait": "opt_outs", "message_to_judge": "opt_outs",
    "number_in_doubt": "doubts", "number_changed_hands": "doubts",
    "purge_failed": "retention", "hold_to_review": "holds", "ledger_behind": "duties",
    "not_consistent": "duties",
    "backup_old": "backups", "drill_failed": "backups",
    "recordings_missing": "coverage", "line_unrecorded": "coverage", "score_card_written": "score_cards",
    "audit_due": "compliance_audits", "month_measured": "months", "month_to_sign": "months",
    "nonconformity_opened": "nonconformities", "nonconformity_done": "nonconformities",
    "nonconformity_overdue": "nonconformities",
    "incident_task": "incident_tasks", "incident_task_overdue": "incident_tasks",
    "gateway_silent": "gateways", "gateway_spool": "gateways",
    "script_expired": "scripts", "script_answer": "scripts",
}  # fmt: skip


def link_of(reader: User, code: str, facts: Mapping[str, Any]) -> str:
    """An address, or nothing."""
    kind, _colon, key = str(facts.get("thing", "")).partition(":")
    if kind and (address := _address(kind, key)):
        return address if _may_follow(reader, address) else ""
    for value in facts.values():
        if isinstance(value, str) and _PUBLIC_ID.fullmatch(value):
            return page_of_id(reader, value) or ""
    address = reverse(PAGES[code]) if code in PAGES else ""
    return address if address and _may_follow(reader, address) else ""


def _address(kind: str, key: str) -> str:
    for name, value in (("pk", int(key) if key.isdigit() else 0), ("code", key)):
        try:
            return reverse(kind, kwargs={name: value})
        except NoReverseMatch:
            continue
    return ""


def _may_follow(reader: User, address: str) -> bool:
    roles = getattr(resolve(address).func, "roles", None)
    return roles is None or reader.role in roles
