"""Trunks, diallers, gateways: kept by admins, watched, shown to those who have to know."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import ApiClient
from apps.audit.models import Alarm
from apps.audit.services import look_for_alarms
from apps.calls.models import Call
from apps.core.calendar.clock import now
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.governance.measures import MEASURES, MeasureState, Span
from apps.notifications.models import Notice
from apps.retention.services import purge
from apps.telephony import queries, services
from apps.telephony.models import Attempt, Dialler, Gateway, Trunk
from apps.telephony.rules import digest_of, on_the_wire
from tests.world import LINE, OTHER_PHONE, PHONE, World

from .world import Telephony

FINE = {
    "is_answering": True, "open_calls": 1, "events_waiting": 0, "recordings_waiting": 0, "oldest_seconds": 0,
    "spool_bytes": 0,
    "spool_free": 10**10, "set_aside": 0,
}  # fmt: skip


@pytest.mark.parametrize("role", ["agent", "supervisor", "compliance"])
def test_only_admins_change_who_may_send(telephony: Telephony, role: str) -> None:
    person = telephony.world.people[role]
    with pytest.raises(NotAllowed):
        services.record_trunk(actor=person, trunk=telephony.trunk, lines=[], name="x")
    with pytest.raises(NotAllowed):
        services.record_dialler(actor=person, dialler=telephony.dialler, addresses=["192.0.2.1"])
    with pytest.raises(NotAllowed):
        services.set_digest(actor=person, dialler=telephony.dialler, user="x")
    with pytest.raises(NotAllowed):
        services.set_in_use(actor=person, row=telephony.dialler, is_active=False)


def test_address_tells_one_dialler(telephony: Telephony) -> None:
    world = telephony.world
    other = world.api_client("other", "authorize")[0]
    with pytest.raises(BadInput, match="外呼系统"):
        services.record_dialler(
            actor=world.people["admin"], name="b", client=other, addresses=["192.0.2.0/28"]
        )
    services.set_in_use(actor=world.people["admin"], row=telephony.dialler, is_active=False)
    services.record_dialler(actor=world.people["admin"], name="b", client=other, addresses=["192.0.2.0/28"])
    with pytest.raises(BadInput):
        services.set_in_use(
            actor=world.people["admin"], row=Dialler.objects.get(pk=telephony.dialler.pk), is_active=True
        )


@pytest.mark.parametrize("address", ["x", "192.0.2.300", "192.0.2.1/28", "", "sip:192.0.2.1"])
def test_address_that_is_none_is_refused(telephony: Telephony, address: str) -> None:
    with pytest.raises(BadInput):
        services.record_dialler(
            actor=telephony.world.people["admin"], dialler=telephony.dialler, addresses=[address]
        )
    assert Dialler.objects.get().addresses == ["192.0.2.10/32"]


def test_line_goes_by_one_trunk(telephony: Telephony) -> None:
    world = telephony.world
    with pytest.raises(BadInput, match="运营商甲"):
        services.record_trunk(actor=world.people["admin"], name="乙", host="198.51.100.8", lines=[world.line])
    assert Trunk.objects.count() == 1


def test_password_is_nowhere_kept(telephony: Telephony) -> None:
    dialler, password = services.set_digest(
        actor=telephony.world.people["admin"], dialler=telephony.dialler, user="pbx"
    )
    assert password not in repr(vars(dialler))
    assert telephony.api.get("telephony/configuration").json()["diallers"][0]["ha1"] == digest_of(
        "pbx", password
    )


@pytest.mark.parametrize(
    ("number", "national"),
    [
        ("+8613800001234", "13800001234"),
        ("+861085550101", "01085550101"),
        ("+864001234567", "4001234567"),
        ("+8520000", "+8520000"),
    ],
)
def test_number_as_it_is_dialled_in_the_mainland(number: str, national: str) -> None:
    assert on_the_wire(number, "national") == national
    assert on_the_wire(number, "e164") == number


# -- watching


def test_gateway_that_falls_silent_is_told_once(telephony: Telephony, clock: Any) -> None:
    services.take_report(gateway=telephony.gateway, **FINE)
    assert services.watch() == []
    clock.shift(121)
    assert services.watch() == ["gateway_silent"]
    assert services.watch() == []
    assert {
        notice.recipient.role
        for notice in Notice.objects.filter(code="gateway_silent").select_related("recipient")
    } == {"admin"}


@pytest.mark.parametrize("wrong", [{"oldest_seconds": 1_000}, {"spool_free": 1_000}, {"set_aside": 1}])
def test_spool_in_trouble_is_told(telephony: Telephony, wrong: dict[str, int]) -> None:
    services.take_report(gateway=telephony.gateway, **{**FINE, **wrong})
    assert services.watch() == ["gateway_spool"]


def test_sip_server_that_does_not_answer_is_told(telephony: Telephony) -> None:
    services.take_report(gateway=telephony.gateway, **{**FINE, "is_answering": False})
    assert services.watch() == ["gateway_silent"]


def test_dialler_that_tries_in_vain_is_an_alarm(telephony: Telephony) -> None:
    telephony.world.opt_out()
    for _each in range(100):
        telephony.ask()
    look_for_alarms()
    alarm = Alarm.objects.get(code="attempts_refused")
    assert alarm.client == telephony.world.client


def test_strangers_are_an_alarm(telephony: Telephony) -> None:
    services.take_report(gateway=telephony.gateway, **{**FINE, "strangers": 3})
    look_for_alarms()
    assert Alarm.objects.filter(code="unknown_senders").exists()


def test_call_beside_the_gateway_is_an_alarm_and_red(telephony: Telephony, clock: Any) -> None:
    world = telephony.world
    world.campaign.through_gateway = True
    world.campaign.save()
    span = Span(now() - timedelta(days=1), now() + timedelta(days=1), now())
    assert MEASURES["R39"].find(span).state == MeasureState.UNMEASURED
    telephony.ask()
    services.take_report(gateway=telephony.gateway, **FINE)
    assert MEASURES["R39"].find(span).state == MeasureState.GREEN
    world.add_contact(OTHER_PHONE)
    world.connected(phone=OTHER_PHONE, agent=None)
    Call.objects.filter(relayed_by=None).update(handed_over_at=now())
    assert queries.beside_gateway(span.since, span.until).count() == 1
    assert MEASURES["R39"].find(span).state == MeasureState.RED
    clock.shift(60)
    look_for_alarms()
    assert Alarm.objects.get(code="calls_beside").client == world.client


def test_coverage_counts_connected_calls_and_their_recordings(telephony: Telephony, clock: Any) -> None:
    call = telephony.ask()["call"]
    telephony.event(call, "answered")
    telephony.event(call, "ended")
    clock.shift(1_000)
    trunk = queries.coverage(now() - timedelta(days=1), now()).get()
    assert (trunk.connected, trunk.recorded) == (1, 0)


def test_attempts_go_with_the_decisions(telephony: Telephony, clock: Any) -> None:
    telephony.ask(to="110")
    clock.shift(timedelta(days=366))
    purge()
    assert not Attempt.objects.exists()


def test_attempt_outlives_its_call_without_naming_it(telephony: Telephony, clock: Any) -> None:
    telephony.ask()
    Call.objects.update(state="ended", ended_at=now())
    clock.shift(timedelta(days=366))
    purge()
    assert not Call.objects.exists()


# -- ending


def test_supervisor_of_another_campaign_ends_nothing(telephony: Telephony) -> None:
    telephony.ask()
    call = Call.objects.get()
    for person in ("agent", "supervisor2", "admin"):
        with pytest.raises(NotAllowed):
            services.end_call(actor=telephony.world.people[person], call=call)
    services.end_call(actor=telephony.world.people["supervisor"], call=call)
    assert telephony.api.get("telephony/calls-to-end").json() == {"calls": [call.public_id]}


def test_call_that_no_gateway_leads_is_not_ended_here(world: World) -> None:
    call = world.authorize().call
    assert call
    with pytest.raises(WrongState):
        services.end_call(actor=world.people["supervisor"], call=call)


# -- pages


def test_admin_sets_up_trunk_and_dialler_on_pages(world: World, browse: Any) -> None:
    admin = browse("admin")
    trunk = {"name": "甲", "host": "198.51.100.7", "port": 5060, "transport": "udp", "form": "e164",
             "lines": [world.line.pk], "calls_at_once": 5, "calls_a_second": 2,
             "is_active": "on"}  # fmt: skip
    assert admin.post("/telephony/trunks/new/", trunk).status_code == 302
    dialler = {
        "name": "乙",
        "system": "asterisk",
        "client": world.client.pk,
        "addresses": "192.0.2.10\n192.0.2.16/28",
        "is_active": "on",
    }
    assert admin.post("/telephony/diallers/new/", dialler).status_code == 302
    assert Dialler.objects.get().addresses == ["192.0.2.10/32", "192.0.2.16/28"]
    page = admin.get("/telephony/").content.decode()
    assert "198.51.100.7:5060" in page
    assert LINE in page
    bad = admin.post(
        f"/telephony/diallers/{Dialler.objects.get().public_id}/", {**dialler, "addresses": "nonsense"}
    )
    assert "nonsense" in bad.content.decode()  # as it was typed, with the sentence
    assert Dialler.objects.get().addresses == ["192.0.2.10/32", "192.0.2.16/28"]


def test_live_calls_show_the_mask_and_end_by_a_button(telephony: Telephony, browse: Any) -> None:
    call = telephony.ask(agent="agent")["call"]
    telephony.event(call, "answered")
    supervisor = browse("supervisor")
    page = supervisor.get("/telephony/calls/").content.decode()
    assert "138****1234" in page
    assert PHONE not in page
    assert supervisor.post(f"/telephony/calls/{call}/end/").status_code == 302
    assert Call.objects.get().end_requested_at
    assert "138****1234" not in browse("supervisor2").get("/telephony/calls/").content.decode()


def test_attempts_are_listed_with_their_reasons_and_filtered(telephony: Telephony, browse: Any) -> None:
    telephony.ask()
    telephony.ask(to="110")
    telephony.world.opt_out()
    telephony.ask()
    compliance = browse("compliance")
    page = compliance.get("/telephony/attempts/").content.decode()
    assert "所拨号码不是可呼叫的号码" in page
    only = compliance.get("/telephony/attempts/?outcome=relayed").content.decode()
    assert "所拨号码不是可呼叫的号码。</div>" not in only
    coded = compliance.get("/telephony/attempts/?code=number_invalid").content.decode()
    assert coded.count("所拨号码不是可呼叫的号码。</div>") == 1


def test_gateway_report_is_kept_by_its_client(telephony: Telephony) -> None:
    assert telephony.api.post("telephony/report", FINE).status_code == 204
    assert telephony.api.post("telephony/report", {**FINE, "open_calls": 7}).status_code == 204
    assert Gateway.objects.get().open_calls == 7
    assert ApiClient.objects.get(pk=Gateway.objects.get().client_id) == telephony.gateway
