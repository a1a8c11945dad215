"""Changes around campaigns, one file a subject."""

from .brands import record_brand, retire_brand
from .exceptions import approve_exception, ask_exception, end_exception
from .life import (
    approve_campaign,
    change_campaign,
    create_campaign,
    end_campaign,
    pause_campaign,
    pause_lapsed,
    pin_version,
    run_campaign,
    send_back_campaign,
    still_speaks,
    submit_campaign,
    what_is_missing,
)
from .lines import block_line, record_filing, record_line, record_test_call, verify_line
from .staffing import assign_agent, contact_list_of, enlist, issue_client, release_agent

__all__ = [
    "approve_campaign",
    "approve_exception",
    "ask_exception",
    "assign_agent",
    "block_line",
    "change_campaign",
    "contact_list_of",
    "create_campaign",
    "end_campaign",
    "end_exception",
    "enlist",
    "issue_client",
    "pause_campaign",
    "pause_lapsed",
    "pin_version",
    "record_brand",
    "record_filing",
    "record_line",
    "record_test_call",
    "release_agent",
    "retire_brand",
    "run_campaign",
    "send_back_campaign",
    "still_speaks",
    "submit_campaign",
    "verify_line",
    "what_is_missing",
]
