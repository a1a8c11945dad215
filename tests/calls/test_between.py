"""Between the answer and the dialling: whatever ends calling ends reservations, and the gate is asked once
more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts import services as accounts
from apps.audit.models import Alarm
from apps.calls import services
from apps.calls.models import Call
from apps.campaigns import services as campaigns
from apps.campaigns.models import Campaign, Filing, Line
from apps.contacts import services as contacts
from apps.contacts.models import Consent
from apps.notifications.models import Notice
from apps.policies.models import MeasuresPolicy
from apps.scripts import services as scripts
from tests.http import Api, problem
from tests.world import LINE, PHONE, World

STOPS: dict[str, Callable[[World], Any]] = {
    "campaign paused": lambda world: campaigns.pause_campaign(
        actor=world.people["supervisor"], campaign=world.campaign
    ),
    "campaign ended": lambda world: campaigns.end_campaign(
        actor=world.people["supervisor"], campaign=world.campaign
    ),
    "line blocked": lambda world: campaigns.block_line(
        actor=world.people["compliance"], line=world.line, because="投诉"
    ),
    "script withdrawn": lambda world: scripts.retire(
        actor=world.people["compliance"], version=world.script.versions.get(is_current=True), note="x"
    ),
    "source withdrawn": lambda world: contacts.withdraw_source(
        actor=world.people["compliance"], source=world.source, reason="x"
    ),
    "agent suspended": lambda world: accounts.suspend(
        actor=world.people["supervisor"], agent=world.people["agent"], reason="x"
    ),
    "agent deactivated": lambda world: accounts.deactivate(
        actor=world.people["admin"], user=world.people["agent"]
    ),
    "agent released": lambda world: campaigns.release_agent(
        actor=world.people["supervisor"], campaign=world.campaign, agent=world.people["agent"]
    ),
    "opt-out": lambda world: world.opt_out(),
    "consent withdrawn": lambda world: contacts.withdraw_consents(contact=world.contact, how="来电撤回"),
    "number in doubt": lambda world: contacts.raise_doubt(
        number_index=bytes(world.contact.number_index),
        origin="person",
        reference="来电",
        actor=world.people["agent"],
    ),
}
# Nobody sends word of these: only asking again shows them.
SILENT: dict[str, Callable[[World], Any]] = {
    "filing over": lambda world: Filing.objects.update(valid_until=world.today - timedelta(days=1)),
    "line taken out": lambda world: Campaign.objects.get(pk=world.campaign.pk).lines.clear(),
    "consent over": lambda world: Consent.objects.update(expires_at=world.at("09:00")),
    "campaign over": lambda world: Campaign.objects.update(
        starts_on=world.today + timedelta(days=1), ends_on=world.today + timedelta(days=2)
    ),
    "line changed": lambda world: Line.objects.update(state="blocked"),
}


@pytest.mark.parametrize("stop", STOPS)
def test_what_stops_calling_withdraws_the_reservation_in_its_own_transaction(world: World, stop: str) -> None:
    reserved = world.authorize(agent="agent", checklist_done=True).call
    assert reserved is not None
    STOPS[stop](world)
    reserved.refresh_from_db()
    assert reserved.state == "withdrawn"
    assert services.claim_call(client=world.client) is None


@pytest.mark.parametrize("stop", {**STOPS, **SILENT})
def test_a_claim_asks_the_gate_again(world: World, stop: str) -> None:
    reserved = world.authorize(agent="agent", checklist_done=True).call
    assert reserved is not None
    {**STOPS, **SILENT}[stop](world)
    # as if the word had not reached the reservation
    Call.objects.update(state="reserved", ended_at=None, end_requested_at=None)
    assert services.claim_call(client=world.client) is None
    reserved.refresh_from_db()
    assert (reserved.state, reserved.handed_over_at) == ("withdrawn", None)


@pytest.mark.parametrize("stop", {**STOPS, **SILENT})
def test_the_first_event_asks_the_gate_again(world: World, stop: str) -> None:
    made = world.authorize(client=world.client, hands_over=True, agent="agent", checklist_done=True).call
    assert made is not None
    {**STOPS, **SILENT}[stop](world)
    Call.objects.update(state="reserved", ended_at=None, end_requested_at=None)
    taken = services.record_event(call_id=made.pk, event="ringing", client=world.client)
    assert taken.call.state == "ringing"
    assert taken.call.end_requested_at is not None, "hang up"


def test_a_call_that_is_still_allowed_is_handed_over_and_rings(world: World) -> None:
    made = world.authorize(agent="agent", checklist_done=True).call
    assert made is not None
    claimed = services.claim_call(client=world.client)
    assert claimed is not None
    taken = services.record_event(call_id=made.pk, event="ringing", client=world.client)
    assert taken.call.end_requested_at is None


def test_a_claim_passes_over_what_the_gate_no_longer_allows(world: World) -> None:
    world.authorize(agent="agent", checklist_done=True)
    other = world.add_contact("13900005678")
    campaigns.assign_agent(
        actor=world.people["supervisor"], campaign=world.campaign, agent=world.people["agent2"]
    )
    second = world.authorize(phone="13900005678", agent="agent2", checklist_done=True).call
    assert second is not None
    world.opt_out()
    claimed = services.claim_call(client=world.client)
    assert claimed is not None
    assert claimed[0].contact == other


def test_the_number_is_not_reported_again_once_the_call_may_not_be_made(world: World) -> None:
    api = Api(world.key)
    asked = {"campaign": "spring", "phone": PHONE, "line": LINE}
    assert api.post("calls/authorize", asked, **{"Idempotency-Key": "k"}).json()["number"] == f"+86{PHONE}"
    campaigns.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
    assert problem(api.post("calls/authorize", asked, **{"Idempotency-Key": "k"})) == (409, "wrong_state")


# -- what a key may ask for


def test_by_contact_id_only_what_is_in_a_queue_of_the_campaign(world: World) -> None:
    api = Api(world.key)
    stranger = world.add_contact("13900005678", campaign=world.running_campaign("autumn"))
    asked = {"campaign": "spring", "contact": stranger.public_id, "line": LINE}
    assert problem(api.post("calls/authorize", asked)) == (404, "not_found")
    assert (
        api.post("calls/authorize", {**asked, "contact": world.contact.public_id}).json()["decision"]
        == "allow"
    )


def test_a_key_is_given_so_many_numbers_an_hour_and_compliance_hears_of_more(world: World) -> None:
    MeasuresPolicy.objects.create(number=90, in_force_from=world.at("09:00"), numbers_per_client_hour=2)
    api = Api(world.key)
    answers = []
    for number in range(4):
        world.add_contact(f"1390000000{number}")
        answers.append(
            api.post(
                "calls/authorize", {"campaign": "spring", "phone": f"1390000000{number}", "line": LINE}
            ).status_code
        )
    assert answers == [200, 200, 429, 429]
    assert (
        Notice.objects.filter(code="client_walks").values("recipient").distinct().count()
        == Notice.objects.filter(code="client_walks").count()
    )
    assert Notice.objects.filter(code="client_walks").exists()


def test_a_key_that_names_the_number_may_have_dialled_it(world: World, clock: Any) -> None:
    """Also one that can report nothing: the same number is not allowed again when its reservation ended."""
    _client, key = world.api_client("asks only", "authorize")
    world.campaign.clients.add(_client)
    asked = {"campaign": "spring", "phone": PHONE, "line": LINE}
    assert Api(key).post("calls/authorize", asked).json()["decision"] == "allow"
    clock.shift(timedelta(minutes=2))
    assert [reason["code"] for reason in Api(key).post("calls/authorize", asked).json()["reasons"]] == [
        "daily_cap"
    ]


def test_a_key_that_may_not_dial_does_not_find_out_who_is_on_record(world: World) -> None:
    client, key = world.api_client("asker", "authorize")
    world.campaign.clients.add(client)
    api = Api(key)
    statuses = [
        api.post(
            "calls/authorize", {"campaign": "spring", "phone": f"138{number:04}1234", "line": LINE}
        ).status_code
        for number in range(1, 62)
    ]
    assert statuses[:60] == [200] * 60
    assert statuses[60] == 429
    assert Alarm.objects.filter(code="numbers_guessed", client=client).exists()


# -- a line's budget


def test_a_line_has_the_calls_that_its_carrier_allows(world: World, clock: Any) -> None:
    Line.objects.update(calls_per_hour=2, calls_per_day=3)
    allowed = []
    for number in range(5):
        phone = f"1390000000{number}"
        world.add_contact(phone)
        asked = world.authorize(phone=phone, client=world.client, hands_over=True)
        allowed.append(asked.codes)
        if number == 2:
            assert asked.retry_at["line_budget"] == world.at("11:00").isoformat()
            clock.shift(timedelta(hours=1))
    assert allowed == [[], [], ["line_budget"], [], ["line_budget"]]
    last = world.authorize(phone="13900000004", reserve=False)
    assert last.retry_at["line_budget"] == world.at("00:00", world.today + timedelta(days=1)).isoformat()


def test_a_reservation_that_was_given_back_costs_the_line_nothing(world: World) -> None:
    Line.objects.update(calls_per_hour=1)
    made = world.authorize(client=world.client, hands_over=True).call
    assert made is not None
    services.record_event(call_id=made.pk, event="released", client=world.client)
    assert world.authorize(reserve=False).allowed
