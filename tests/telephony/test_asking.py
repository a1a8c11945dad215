"""The gateway's question for an INVITE: what gets a yes, and that whatever else is a refusal that is kept
(R39)."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import ApiClient
from apps.accounts.rate_limit import TooManyRequests
from apps.audit.models import Alarm
from apps.calls.models import Call, Decision, SpoofingEvent
from apps.calls.services import end_lost_calls
from apps.campaigns import services as campaigns
from apps.core.calendar import clock
from apps.telephony import services
from apps.telephony.models import Attempt
from apps.telephony.services import answering_invites
from tests.http import Api
from tests.quality.sounds import wav
from tests.world import LINE, OTHER_PHONE, PHONE

from .world import Telephony


def test_allowed_call_says_whom_to_dial_as_whom_and_where(telephony: Telephony) -> None:
    answer = telephony.ask()
    call = Call.objects.get()
    assert answer == {
        "decision": "allow", "codes": "", "call": call.public_id, "number": "+8613800001234", "caller": LINE,
        "carrier": "198.51.100.7:5060", "carrier_host": "198.51.100.7",
        "line": f"{telephony.trunk.pk}-{telephony.world.line.pk}",
        "at_once": "10", "a_second": "3",
    }  # fmt: skip
    assert (call.client, call.relayed_by) == (telephony.world.client, telephony.gateway)
    attempt = Attempt.objects.get()
    assert (attempt.call, attempt.dialler, attempt.trunk, attempt.codes) == (
        call,
        telephony.dialler,
        telephony.trunk,
        [],
    )


def test_carrier_that_wants_national_numbers_gets_them(telephony: Telephony) -> None:
    world = telephony.world
    services.record_trunk(
        actor=world.people["admin"], trunk=telephony.trunk, lines=[world.line], form="national"
    )
    answer = telephony.ask()
    assert (answer["number"], answer["caller"]) == (PHONE, "01085550101")


def test_number_reserved_by_the_gateway_counts_at_once(telephony: Telephony) -> None:
    telephony.ask()
    assert telephony.ask()["codes"] == "daily_cap"


@pytest.mark.parametrize(
    "spelt",
    [
        "+8613800001234",
        "008613800001234",
        "138-0000-1234",
        "１３８００００１２３４",
        "+86 138 0000 1234",
        "8613800001234",
        "1380000123٤",
    ],
)
def test_number_in_any_spelling_is_the_same_person(telephony: Telephony, spelt: str) -> None:
    telephony.world.opt_out()
    assert telephony.ask(to=spelt)["codes"] == "opted_out"


@pytest.mark.parametrize(
    "dialled", ["110", "120", "12345", "95588", "*72", "", "13800001234;postd=9", "alice"]
)
def test_what_is_nobodys_number_is_refused_and_kept(telephony: Telephony, dialled: str) -> None:
    assert telephony.ask(to=dialled)["codes"] == "number_invalid"
    assert Attempt.objects.get().codes == ["number_invalid"]
    assert not Call.objects.exists()


def test_opted_out_number_is_refused_with_the_decision_kept(telephony: Telephony) -> None:
    telephony.world.opt_out()
    answer = telephony.ask()
    assert answer == {"decision": "refuse", "codes": "opted_out"}
    assert Attempt.objects.get().decision_number == Decision.objects.get().pk


def test_foreign_caller_number_is_refused_and_reported(telephony: Telephony) -> None:
    assert "line_not_of_campaign" in telephony.ask(line="02155550199", campaign="spring")["codes"]
    assert SpoofingEvent.objects.count() == 1
    # also when no campaign is named
    assert "line_not_of_campaign" in telephony.ask(line="02155550199")["codes"]
    assert "line_not_of_campaign" in telephony.ask(line="anonymous")["codes"]
    assert SpoofingEvent.objects.count() == 3


def test_line_of_no_trunk_is_refused(telephony: Telephony) -> None:
    services.set_in_use(actor=telephony.world.people["admin"], row=telephony.trunk, is_active=False)
    assert telephony.ask()["codes"] == "line_without_trunk"


def test_campaign_is_named_or_the_only_one_of_the_line(telephony: Telephony) -> None:
    world = telephony.world
    summer = world.running_campaign("summer")
    summer.clients.add(world.client)
    assert telephony.ask()["codes"] == "campaign_not_said"
    assert telephony.ask(campaign="summer")["decision"] == "allow"
    assert telephony.ask(campaign="autumn")["codes"] == "campaign_unknown"


def test_dialler_that_is_unknown_or_out_of_use_is_refused(telephony: Telephony) -> None:
    assert telephony.ask(dialler="dl_zzz")["codes"] == "dialler_unknown"
    services.set_in_use(actor=telephony.world.people["admin"], row=telephony.dialler, is_active=False)
    assert telephony.ask()["codes"] == "dialler_off"


def test_dialler_of_an_ended_key_is_refused(telephony: Telephony) -> None:
    telephony.world.client.is_active = False
    telephony.world.client.save()
    assert telephony.ask()["codes"] == "dialler_off"


def test_agent_has_to_exist(telephony: Telephony) -> None:
    assert telephony.ask(agent="nobody")["codes"] == "agent_unknown"
    assert telephony.ask(agent="agent")["decision"] == "allow"


def test_same_question_again_has_the_same_answer(telephony: Telephony) -> None:
    """A second Hegui is asked what the first did not answer in time."""
    first = telephony.ask(ask="one", sip_call="one")
    again = telephony.ask(ask="one", sip_call="one")
    assert again == first
    assert Attempt.objects.count() == Call.objects.count() == 1


def test_same_invite_sent_again_is_no_second_call(telephony: Telephony) -> None:
    assert telephony.ask(sip_call="one")["decision"] == "allow"
    assert telephony.ask(sip_call="one")["codes"] == "replayed"
    assert telephony.ask(sip_call="one", to=OTHER_PHONE)["codes"] == "replayed"
    assert Call.objects.count() == 1


def test_answer_to_the_same_question_follows_an_opt_out(telephony: Telephony) -> None:
    telephony.ask(ask="one", sip_call="one")
    telephony.world.opt_out()
    assert telephony.ask(ask="one", sip_call="one")["codes"] == "call_not_valid"


# -- a dialler that asked by API before


def _reserved(telephony: Telephony) -> str:
    answer = Api(telephony.world.key).post(
        "calls/authorize", {"campaign": "spring", "phone": PHONE, "line": LINE}
    )
    call: str = answer.json()["call"]
    return call


def test_reservation_is_used_once(telephony: Telephony) -> None:
    call = _reserved(telephony)
    assert telephony.ask(call=call)["call"] == call
    assert telephony.ask(call=call)["codes"] == "call_not_valid"
    assert Attempt.objects.filter(codes=[]).count() == 1


def test_reservation_is_for_its_number_and_line_and_dialler(telephony: Telephony) -> None:
    world = telephony.world
    world.add_contact(OTHER_PHONE)
    call = _reserved(telephony)
    assert telephony.ask(call=call, to=OTHER_PHONE)["codes"] == "call_not_valid"
    assert telephony.ask(call=call, line="02155550199")["codes"] == "line_unknown"
    assert telephony.ask(call="cl_zzzz")["codes"] == "call_not_valid"
    foreign = services.record_dialler(
        actor=world.people["admin"],
        name="另一家",
        client=world.api_client("other", "authorize")[0],
        addresses=["192.0.2.99"],
    )
    assert telephony.ask(call=call, dialler=foreign.public_id)["codes"] == "call_not_valid"
    assert telephony.ask(call=call)["decision"] == "allow"


def test_reservation_that_is_over_or_no_longer_allowed_is_refused(telephony: Telephony, clock: Any) -> None:
    call = _reserved(telephony)
    telephony.world.opt_out()
    assert telephony.ask(call=call)["codes"] == "call_not_valid"


def test_late_reservation_is_refused(telephony: Telephony) -> None:
    call = _reserved(telephony)
    Call.objects.update(reserved_until=clock.now() - timedelta(seconds=1))
    assert telephony.ask(call=call)["codes"] == "call_not_valid"


def test_same_invite_hours_later_leads_no_old_reservation_on(
    telephony: Telephony, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hegui died between its decision and the note of the gateway, and no worker ended the reservation."""
    with monkeypatch.context() as dying:
        dying.setattr(answering_invites.calls, "relay_allowed", lambda **_asked: 1 / 0)
        body = {
            "dialler": telephony.dialler.public_id,
            "ask": "1",
            "sip_call": "one",
            "to": PHONE,
            "line": LINE,
        }
        assert telephony.api.post("telephony/ask", body).status_code == 500
    clock.shift(timedelta(hours=12))
    assert telephony.ask(ask="2", sip_call="one")["codes"] == "call_not_valid"


def test_same_question_after_the_reservation_ended_is_no_yes(telephony: Telephony, clock: Any) -> None:
    assert telephony.ask(ask="1")["decision"] == "allow"
    clock.shift(61)
    assert telephony.ask(ask="1")["codes"] == "call_not_valid"


def test_same_question_after_a_pause_of_the_campaign_is_no_yes(telephony: Telephony) -> None:
    assert telephony.ask(ask="1")["decision"] == "allow"
    campaigns.pause_campaign(actor=telephony.world.people["supervisor"], campaign=telephony.world.campaign)
    assert telephony.ask(ask="1")["codes"] == "call_not_valid"


def test_dialler_that_has_to_ask_first_is_refused_without_a_call(telephony: Telephony) -> None:
    dialler = telephony.dialler
    services.record_dialler(
        actor=telephony.world.people["admin"], dialler=dialler, addresses=dialler.addresses, asks_first=True
    )
    assert telephony.ask()["codes"] == "asks_first"
    assert telephony.ask(call=_reserved(telephony))["decision"] == "allow"


# -- who may do what


def test_gateway_reports_on_the_calls_it_leads_and_on_no_others(telephony: Telephony) -> None:
    call = telephony.ask()["call"]
    telephony.event(call, "answered")
    assert telephony.event(call, "key", digit="9") == {
        "call": call, "state": "answered", "end_requested": True, "opted_out": True, "ignored": []
    }  # fmt: skip
    assert telephony.api.get("telephony/calls-to-end").json() == {"calls": [call]}
    foreign = telephony.world.authorize(phone=OTHER_PHONE, client=telephony.world.client)
    assert foreign.call is None  # nobody of that number
    beside = telephony.world.add_contact(OTHER_PHONE)
    own = telephony.world.authorize(phone=OTHER_PHONE, client=telephony.world.client).call
    assert beside
    assert own
    assert telephony.api.post(f"calls/{own.public_id}/events", {"event": "ended"}).status_code == 404


def test_dialler_reports_nothing_on_a_call_that_the_gateway_leads_but_a_refusal(telephony: Telephony) -> None:
    """It could hide the call, or free its place in the day."""
    call = _reserved(telephony)
    telephony.ask(call=call)
    dialler = Api(telephony.world.key)
    for event in ("released", "ended", "failed"):
        assert dialler.post(f"calls/{call}/events", {"event": event}).json()["ignored"] == ["event"]
    assert Call.objects.get().state == Call.State.RESERVED
    telephony.event(call, "answered")
    assert dialler.post(f"calls/{call}/events", {"event": "key", "digit": "9"}).json()["opted_out"]
    assert telephony.api.get("telephony/calls-to-end").json() == {"calls": [call]}
    telephony.event(call, "ended")
    assert dialler.put(f"calls/{call}/recording", wav(5)).status_code == 409


def test_call_that_has_to_end_stays_one_while_the_gateway_is_away(telephony: Telephony, clock: Any) -> None:
    call = telephony.ask()["call"]
    telephony.event(call, "answered")
    telephony.world.opt_out()
    clock.shift(timedelta(minutes=5))
    end_lost_calls()
    assert telephony.api.get("telephony/calls-to-end").json() == {"calls": [call]}


def test_dialler_cannot_find_out_who_is_on_record(
    telephony: Telephony, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.access.services.looking_up.PER_CLIENT", (3, 10))
    ApiClient.objects.filter(pk=telephony.world.client.pk).update(scopes=["authorize"])
    codes = [telephony.ask(to=f"1390000{number:04}")["codes"] for number in range(4)]
    assert codes == ["unknown_contact"] * 3 + ["search_quota_reached"]


def test_dialler_whose_key_may_dial_is_not_stopped_by_numbers_that_nobody_has(
    telephony: Telephony, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list with dead numbers stops no call that is allowed; neighbours under one mask raise an alarm all
    the same."""
    monkeypatch.setattr("apps.access.services.looking_up.PER_CLIENT", (3, 10))
    codes = [telephony.ask(to=f"1390{number:03}1234")["codes"] for number in range(5)]
    assert codes == ["unknown_contact"] * 5
    assert telephony.ask()["decision"] == "allow"
    assert Alarm.objects.filter(code="numbers_guessed", client=telephony.world.client).exists()


def test_question_waits_behind_no_upload(telephony: Telephony, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart a connector offers many recordings at once: they may use up the key's rate, the
    question goes on."""

    def used_up(client: ApiClient) -> None:
        raise TooManyRequests()

    monkeypatch.setattr("apps.accounts.api_auth.take_permit", used_up)
    assert telephony.api.get("telephony/calls-to-end").status_code == 429
    assert telephony.ask()["decision"] == "allow"


def test_key_without_the_scope_is_refused(telephony: Telephony) -> None:
    api = Api(telephony.world.key)
    assert api.get("telephony/configuration").status_code == 403
    assert api.get("telephony/calls-to-end").status_code == 403
    body = {"dialler": "x", "ask": "1", "sip_call": "1", "to": PHONE, "line": LINE}
    assert api.post("telephony/ask", body).status_code == 403
    assert api.post("telephony/report", {}).status_code in {403, 422}


def test_configuration_tells_who_may_send(telephony: Telephony) -> None:
    admin = telephony.world.people["admin"]
    _dialler, password = services.set_digest(actor=admin, dialler=telephony.dialler, user="pbx")
    sender = telephony.api.get("telephony/configuration").json()["diallers"][0]
    assert sender["addresses"] == ["192.0.2.10/32"]
    assert sender["user"] == "pbx"
    assert len(sender["ha1"]) == 32
    assert password not in str(sender)
    services.set_in_use(actor=admin, row=telephony.dialler, is_active=False)
    assert telephony.api.get("telephony/configuration").json() == {"diallers": []}
