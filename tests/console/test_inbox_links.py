"""Every notice leads to its thing, or to the page where it waits."""

from typing import Any

import pytest

from apps.console.inbox_links import PAGES, link_of
from apps.notifications.models import Notice
from apps.notifications.sentences import SENTENCES
from apps.notifications.services import notify
from tests.world import World

# What is sent with its thing, or with a public id among its facts.
WITH_THING = {code for code in SENTENCES if code not in PAGES}


def test_every_notice_leads_somewhere() -> None:
    assert set(PAGES) <= set(SENTENCES), "no page for a notice that is not sent"
    assert {
        "campaign_paused", "campaign_submitted", "exception_asked", "script_submitted",
        "script_second_approver", "script_approved",
        "script_changes_requested", "script_retired", "script_remark", "script_expires", "rule_written",
        "rule_blocks_script",
        "request_received", "request_due", "request_unverified", "request_overdue",
        "share_asked", "share_decided",
        "recording_damaged", "review_done",
        "review_appealed", "review_settled", "violation_found", "action_done", "action_reopened",
        "action_overdue",
        "complaint_recorded", "complaint_overdue", "pack_asked", "pack_decided", "incident_recorded",
        "incident_authority_waits",
        "incident_closing", "assessment_submitted", "assessment_decided", "audit_to_sign",
    } == WITH_THING  # fmt: skip


@pytest.mark.parametrize(("who", "code", "facts", "leads_to"), [
    ("supervisor", "campaign_paused", {"thing": "campaign:33"}, "/campaigns/cp_11/"),
    ("supervisor", "script_approved", {"thing": "script:7", "script": "x"}, "/scripts/7/"),
    ("compliance", "rule_written", {"thing": "rule:too_familiar"}, "/rules/too_familiar/"),
    ("agent", "review_done", {"thing": "quality_review:3", "score": 80}, "/quality/3/"),
    ("compliance", "request_due", {"request": "rq_1", "days": 2}, "/requests/rq_1/"),
    ("compliance", "request_unverified", {"request": "rq_1", "days": 7}, "/requests/rq_1/"),
    ("admin", "request_due", {"request": "rq_1", "days": 2}, ""),
    ("compliance", "backup_old", {}, "/retention/backups/"),
    ("agent", "backup_old", {}, ""),
    ("compliance", "alarm_raised", {"alarm": 4}, "/alarms/"),
])  # fmt: skip
def test_a_notice_leads_where_its_reader_may_go(
    world: World, who: str, code: str, facts: dict[str, Any], leads_to: str
) -> None:
    assert link_of(world.people[who], code, facts) == leads_to


def test_the_inbox_has_the_link(world: World, browse: Any) -> None:
    notify(
        [world.people["supervisor"]],
        "campaign_paused",
        thing=f"campaign:{world.campaign.pk}",
        campaign="春",
        because="filing",
    )
    text = browse("supervisor").get("/inbox/").content.decode()
    assert f'href="/campaigns/{world.campaign.public_id}/"' in text
    assert Notice.objects.filter(code="campaign_paused").latest("pk").sentence in text
