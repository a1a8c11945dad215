"""A campaign: made, approved, run, paused, ended; and who works it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import override

from apps.calls.gate.rules import RULES
from apps.campaigns import services
from apps.campaigns.models import Campaign
from apps.contacts import services as contacts
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.notifications.models import Notice
from apps.scripts import services as scripts
from tests.world import World


def draft(world: World, **fields: object) -> Campaign:
    return services.create_campaign(
        actor=world.people["supervisor"],
        lines=fields.pop("lines", [world.line]),
        **{
            "code": "draft", "name": "draft", "kind": "marketing", "trade": "retail",
            "purpose": world.purpose, "lawful_basis": "同意",
            "filing": world.filing, "script": world.script, "starts_on": world.today, "ends_on": world.today,
            **fields,
        },
    )  # fmt: skip


def submitted(world: World) -> Campaign:
    return services.submit_campaign(actor=world.people["supervisor"], campaign=draft(world))


def test_compliance_approves_and_the_supervisor_runs(world: World) -> None:
    campaign = services.approve_campaign(actor=world.people["compliance"], campaign=submitted(world))
    assert services.run_campaign(actor=world.people["supervisor"], campaign=campaign).state == "running"
    assert services.pause_campaign(actor=world.people["compliance"], campaign=campaign).state == "paused"
    assert services.end_campaign(actor=world.people["supervisor"], campaign=campaign).state == "ended"


def test_who_approves_does_not_hand_in_nor_start(world: World) -> None:
    """What compliance approves was handed in by who runs it, and is started by them."""
    compliance = world.people["compliance"]
    with pytest.raises(NotAllowed):
        services.submit_campaign(actor=compliance, campaign=draft(world))
    handed_in = services.submit_campaign(
        actor=world.people["supervisor"], campaign=Campaign.objects.get(code="draft")
    )
    approved = services.approve_campaign(actor=compliance, campaign=handed_in)
    with pytest.raises(NotAllowed):
        services.run_campaign(actor=compliance, campaign=approved)


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ({"filing": None}, "filing"),
        ({"lines": []}, "verified line"),
        ({"script": None}, "published script"),
        ({"product_risk": "R4"}, "R24"),
        ({"kind": "service"}, "same kind"),
        ({"trade": "education"}, "same trade"),
        ({"trade": "medical"}, "permit"),
        ({"starts_on": "2026-11-01", "ends_on": "2026-11-23"}, "last day"),
    ],
)
def test_what_is_missing_is_named_before_anybody_reads_it(
    world: World, missing: dict[str, object], says: str
) -> None:
    with override("en"), pytest.raises(BadInput, match=says):
        services.submit_campaign(actor=world.people["supervisor"], campaign=draft(world, **missing))


def test_what_went_missing_since_stops_the_approval(world: World) -> None:
    campaign = submitted(world)
    services.block_line(actor=world.people["compliance"], line=world.line, because="改号投诉")
    with override("en"), pytest.raises(BadInput, match="verified line"):
        services.approve_campaign(actor=world.people["compliance"], campaign=campaign)


def test_approval_needs_an_approved_source_for_the_purpose(world: World) -> None:
    contacts.withdraw_source(actor=world.people["compliance"], source=world.source)
    with override("en"), pytest.raises(BadInput, match="data source"):
        services.submit_campaign(actor=world.people["supervisor"], campaign=draft(world))


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_only_compliance_approves(world: World, role: str) -> None:
    with pytest.raises(NotAllowed):
        services.approve_campaign(actor=world.people[role], campaign=submitted(world))


def test_nobody_approves_their_own(world: World) -> None:
    campaign = submitted(world)
    maker = world.people["supervisor"]
    maker.role = "compliance"
    with pytest.raises(FourEyes):
        services.approve_campaign(actor=maker, campaign=campaign)
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(approved_by=maker)


def test_a_draft_does_not_run(world: World) -> None:
    with pytest.raises(WrongState):
        services.run_campaign(actor=world.people["supervisor"], campaign=draft(world))


def test_another_supervisor_does_not_run_it(world: World) -> None:
    with pytest.raises(NotAllowed):
        services.pause_campaign(actor=world.people["supervisor2"], campaign=world.campaign)
    with pytest.raises(NotAllowed):
        services.assign_agent(
            actor=world.people["supervisor2"], campaign=world.campaign, agent=world.people["agent2"]
        )


def test_only_agents_work_campaigns(world: World) -> None:
    with pytest.raises(BadInput):
        services.assign_agent(
            actor=world.people["supervisor"], campaign=world.campaign, agent=world.people["supervisor2"]
        )


def test_a_released_agent_calls_no_more(world: World) -> None:
    services.release_agent(
        actor=world.people["supervisor"], campaign=world.campaign, agent=world.people["agent"]
    )
    assert world.authorize(agent="agent").codes == ["agent_not_assigned"]


@pytest.mark.parametrize("wide", [{"window_start": "07:30"}, {"window_end": "21:30"}, {"calls_per_week": 4}])
def test_a_campaign_never_widens_the_norm(world: World, wide: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=world.campaign.pk).update(**wide)


def test_a_campaign_that_lost_its_filing_is_paused_and_says_so(
    world: World, clock: time_machine.Traveller
) -> None:
    assert services.pause_lapsed() == []
    clock.shift(timedelta(days=101))
    Campaign.objects.update(ends_on=world.today + timedelta(days=9))
    assert [campaign.code for campaign in services.pause_lapsed()] == ["spring"]
    campaign = Campaign.objects.get(code="spring")
    assert campaign.state == "paused"
    assert campaign.paused_because == "filing_in_force line"
    result = Notice.objects.filter(code="campaign_paused")
    assert {notice.recipient.username for notice in result} == {"supervisor", "compliance", "compliance2"}
    with pytest.raises(BadInput):
        services.run_campaign(actor=world.people["supervisor"], campaign=campaign)


@pytest.mark.parametrize("lost", ["script", "line", "source", "last day"])
def test_whatever_it_stands_on(world: World, lost: str) -> None:
    if lost == "script":
        scripts.retire(actor=world.people["compliance"], version=world.script.versions.get())
    elif lost == "line":
        services.block_line(actor=world.people["compliance"], line=world.line, because="投诉")
    elif lost == "source":
        contacts.withdraw_source(actor=world.people["compliance"], source=world.source)
    else:
        Campaign.objects.update(ends_on=world.today - timedelta(days=1))
    assert len(services.pause_lapsed()) == 1


def test_compliance_sends_a_campaign_back(world: World) -> None:
    campaign = services.send_back_campaign(actor=world.people["compliance"], campaign=submitted(world))
    assert campaign.state == "draft"
    assert services.submit_campaign(actor=world.people["supervisor"], campaign=campaign).state == "submitted"


def test_kind_trade_and_purpose_stay_after_approval(world: World) -> None:
    for change in ({"kind": "service"}, {"trade": "medical"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Campaign.objects.filter(pk=world.campaign.pk).update(**change)


def test_the_page_shows_numbers_and_reasons(world: World, browse: Any) -> None:
    world.call()
    world.authorize()
    text = browse("supervisor").get(f"/campaigns/{world.campaign.public_id}/").content.decode()
    assert str(RULES["daily_cap"].sentence) in text
    assert "30 天" in text


# -- drafts that are not whole yet


def changed(world: World, campaign: Campaign, **fields: Any) -> Campaign:
    return services.change_campaign(
        actor=world.people["supervisor"], campaign=campaign, lines=fields.pop("lines", [world.line]), **fields
    )


def test_a_draft_that_lacks_something_is_completed_and_submitted(world: World) -> None:
    campaign = draft(world, filing=None, script=None, lines=[])
    assert services.what_is_missing(campaign) == ["filing", "line", "script"]
    campaign = changed(world, campaign, filing=world.filing, script=world.script)
    assert services.submit_campaign(actor=world.people["supervisor"], campaign=campaign).state == "submitted"


def test_a_draft_is_discarded(world: World) -> None:
    campaign = services.end_campaign(actor=world.people["supervisor"], campaign=draft(world))
    assert campaign.state == "ended"
    with pytest.raises(WrongState):
        changed(world, campaign, name="again")


def test_a_paused_campaign_that_is_changed_is_approved_anew(world: World) -> None:
    paused = services.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
    campaign = changed(world, paused, name="Frühling", ends_on=world.today + timedelta(days=2))
    assert (campaign.state, world.authorize().codes) == ("draft", ["campaign_not_running"])
    with pytest.raises(WrongState):
        services.run_campaign(actor=world.people["supervisor"], campaign=campaign)
    campaign = services.submit_campaign(actor=world.people["supervisor"], campaign=campaign)
    assert services.approve_campaign(actor=world.people["compliance"], campaign=campaign).state == "approved"


@pytest.mark.parametrize("fields", [{"code": "other"}, {"kind": "service"}, {"trade": "education"}])
def test_what_calls_were_made_under_stays(world: World, fields: dict[str, str]) -> None:
    paused = services.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
    with override("en"), pytest.raises(BadInput, match="stay as they are"):
        changed(world, paused, **fields)
    campaign = changed(world, paused, name="a draft again")
    with pytest.raises(DatabaseError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(kind="service")


@pytest.mark.parametrize("state", ["running", "submitted"])
def test_what_runs_or_is_read_is_not_changed(world: World, state: str) -> None:
    campaign = world.campaign if state == "running" else submitted(world)
    with pytest.raises(WrongState):
        changed(world, campaign, name="x")


def test_only_who_runs_it_changes_it(world: World) -> None:
    campaign = draft(world)
    for role in ("agent", "supervisor2", "compliance", "admin"):
        with pytest.raises(NotAllowed):
            services.change_campaign(actor=world.people[role], campaign=campaign, lines=[], name="x")


def test_the_page_leads_to_what_is_missing_and_says_who_has_it(world: World, browse: Any) -> None:
    campaign = draft(world, filing=None, script=None, checklist=["姓名", "目的"])
    page, edit = f"/campaigns/{campaign.public_id}/", f"/campaigns/{campaign.public_id}/edit/"
    supervisor = browse("supervisor")
    text = supervisor.get(page).content.decode()
    assert edit in text
    assert "/scripts/new/" in text
    assert "/filings/new/" not in text, "compliance records filings"
    assert "/filings/new/" in browse("compliance").get(page).content.decode()
    form = supervisor.get(edit).context["form"]
    assert form.initial["checklist"] == "姓名\n目的"
    fields = {name: "" if form[name].value() is None else form[name].value() for name in form.fields} | {
        "filing": world.filing.pk
    }
    assert supervisor.post(edit, fields).headers["Location"] == page
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert (campaign.filing, campaign.checklist) == (world.filing, ["姓名", "目的"])


# -- what a change must not lose, and who may approve it


def submitted_again(world: World, **fields: Any) -> Campaign:
    paused = services.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
    campaign = changed(world, paused, **fields)
    assert (campaign.approved_by, campaign.was_approved) == (None, True)
    return services.submit_campaign(actor=world.people["supervisor"], campaign=campaign)


def test_a_retired_brand_and_purpose_stay_with_what_uses_them(world: World, browse: Any) -> None:
    brand = services.record_brand(actor=world.people["compliance"], name="清澜")
    Campaign.objects.filter(pk=world.campaign.pk).update(brand="清澜")
    services.retire_brand(actor=world.people["compliance"], brand=brand)
    contacts.retire_purpose(actor=world.people["compliance"], purpose=world.purpose)
    services.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
    supervisor, edit = browse("supervisor"), f"/campaigns/{world.campaign.public_id}/edit/"
    form = supervisor.get(edit).context["form"]
    fields = {name: "" if form[name].value() is None else form[name].value() for name in form.fields} | {
        "name": "另一个名字"
    }
    assert supervisor.post(edit, fields).status_code == 302
    campaign = Campaign.objects.get(pk=world.campaign.pk)
    assert (campaign.name, campaign.brand, campaign.purpose) == ("另一个名字", "清澜", world.purpose)
    campaign = services.submit_campaign(actor=world.people["supervisor"], campaign=campaign)
    assert services.approve_campaign(actor=world.people["compliance"], campaign=campaign).state == "approved"


def test_what_was_changed_since_it_was_read_is_not_approved(world: World, browse: Any) -> None:
    campaign = submitted_again(world, name="gelesen")
    page = f"/campaigns/{campaign.public_id}/step/approve/"
    read = campaign.revision
    services.send_back_campaign(actor=world.people["compliance2"], campaign=campaign)
    campaign = changed(world, Campaign.objects.get(pk=campaign.pk), lawful_basis="anders")
    services.submit_campaign(actor=world.people["supervisor"], campaign=campaign)
    officer = browse("compliance")
    officer.post(page, {"revision": read})
    assert Campaign.objects.get(pk=campaign.pk).state == "submitted"
    officer.post(page, {"revision": campaign.revision})
    assert Campaign.objects.get(pk=campaign.pk).state == "approved"


def test_who_changed_it_does_not_approve_it(world: World) -> None:
    campaign = submitted_again(world, name="x")
    Campaign.objects.filter(pk=campaign.pk).update(
        created_by=world.people["supervisor2"], changed_by=world.people["compliance"]
    )
    with pytest.raises(FourEyes):
        services.approve_campaign(
            actor=world.people["compliance"], campaign=Campaign.objects.get(pk=campaign.pk)
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(
            approved_by=world.people["compliance"], state="approved"
        )


def test_a_draft_of_an_approved_campaign_runs_by_no_way(world: World) -> None:
    paused = services.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
    campaign = changed(world, paused, name="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(state="running")


def test_a_pin_that_goes_with_its_script_frees_its_version(world: World) -> None:
    version = world.script.versions.get()
    services.pin_version(actor=world.people["supervisor"], campaign=world.campaign, version=version)
    world.approve_version(world.script)
    paused = services.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
    assert changed(world, paused, script=None).pinned_version is None
    assert world.script.versions.get(pk=version.pk).state == "retired"
