"""What somebody was given ends when they leave it: a role, a campaign, a share (R6, R22, R32)."""

from datetime import timedelta
from typing import Any

import pytest

from apps.access.models import TemporaryGrant
from apps.accounts import services as accounts
from apps.calls import services as calls
from apps.calls.models import Call
from apps.campaigns.models import QueueEntry
from apps.campaigns.services import release_agent
from apps.core.calendar import clock as site_clock
from apps.core.errors import NotFound
from apps.quality import services as quality
from apps.retention import services as retention
from apps.retention.models import LegalHold
from apps.retention.services.holding import release_complaint
from apps.sharing import services as sharing
from tests.sharing.shares import approved
from tests.world import PHONE, World


def granted(world: World) -> TemporaryGrant:
    return TemporaryGrant.objects.create(
        beneficiary=world.people["agent2"], campaign_id=world.campaign.pk, campaign_name="x", right="work",
        reason="x", requested_by=world.people["agent2"], approved_by=world.people["supervisor"],
        state="approved", decided_at=site_clock.now(), created_at=site_clock.now(),
        ends_at=site_clock.now() + timedelta(days=3),
    )  # fmt: skip


def allowed(world: World) -> bool:
    return world.authorize(agent="agent2", checklist_done=True, reserve=False).allowed


@pytest.mark.parametrize("how", ["deactivated", "another role", "released"])
def test_a_grant_ends_with_what_it_was_given_for(world: World, how: str) -> None:
    grant, agent = granted(world), world.people["agent2"]
    assert allowed(world)
    if how == "deactivated":
        accounts.deactivate(actor=world.people["admin"], user=agent)
        accounts.reactivate(actor=world.people["admin"], user=agent)
    elif how == "another role":
        accounts.change_role(actor=world.people["admin"], user=agent, role="supervisor")
        accounts.change_role(actor=world.people["admin"], user=agent, role="agent")
    else:
        release_agent(actor=world.people["supervisor"], campaign=world.campaign, agent=agent)
    grant.refresh_from_db()
    assert grant.state == TemporaryGrant.State.ENDED
    assert not allowed(world)


def test_a_share_ends_with_the_role(world: World) -> None:
    share = approved(world)
    assert sharing.in_force(share.asked_by, share)
    accounts.change_role(actor=world.people["admin"], user=share.asked_by, role="agent")
    share.asked_by.refresh_from_db()
    with pytest.raises(NotFound):
        sharing.in_force(share.asked_by, share)


def test_an_agent_who_hangs_up_before_the_call_drops_nobody(world: World) -> None:
    entry = world.queue_entry()
    QueueEntry.objects.filter(pk=entry.pk).update(state="called")
    made = world.authorize(agent="agent", checklist_done=True).call
    assert made is not None
    calls.request_end(actor=world.people["agent"], call=made)
    entry.refresh_from_db()
    assert entry.state == QueueEntry.State.WAITING


def test_a_reservation_that_no_dialler_takes_drops_nobody(world: World, clock: Any) -> None:
    entry = world.queue_entry()
    QueueEntry.objects.filter(pk=entry.pk).update(state="called")
    made = world.authorize(agent="agent", checklist_done=True).call
    assert made is not None
    assert calls.expire_reservations(now=made.reserved_until) == 1
    entry.refresh_from_db()
    assert entry.state == QueueEntry.State.WAITING


def test_closing_a_complaint_leaves_a_hold_that_was_placed_beside_it(world: World) -> None:
    complaint = quality.record_complaint(
        actor=world.people["compliance"], channel="letter", kind="false", text="与页面不一致", phone=PHONE
    )
    by_hand = retention.place_hold(
        actor=world.people["compliance2"], kind=LegalHold.Kind.COMPLAINT, target_id=complaint.pk,
        reason="法院案号17", review_on=world.today + timedelta(days=90),
    )  # fmt: skip
    assert LegalHold.objects.filter(ended_at=None).count() == 2
    release_complaint(complaint, actor=world.people["supervisor"])
    assert list(LegalHold.objects.filter(ended_at=None)) == [by_hand]


def test_a_complaint_leads_to_calls_of_one_s_own_campaigns(world: World) -> None:
    world.connected()
    of_another = quality.record_complaint(
        actor=world.people["supervisor2"], channel="telephone", kind="manner", text="态度差", phone=PHONE
    )
    assert of_another.call is None
    of_ours = quality.record_complaint(
        actor=world.people["supervisor"], channel="telephone", kind="manner", text="语气不耐烦", phone=PHONE
    )
    assert of_ours.call == Call.objects.get()
