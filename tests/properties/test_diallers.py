"""What may have been dialled counts: three diallers whose reports are missing, doubled, late, out of order or
impossible, and an agent's desk whose calls they take.

The model counts the numbers that were handed over and not credibly given back: of one number no second within
a day, no fourth within a week, whatever was reported and whenever it arrived; and none at all of who opted
out, while the campaign pauses, or for an agent who is suspended.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from apps.accounts import services as accounts
from apps.calls import services as calls
from apps.calls.models import Call
from apps.calls.rules import EVENTS
from apps.calls.services.desk import open_call
from apps.campaigns import services as campaigns
from apps.contacts.models import Contact
from apps.core.crypto import blind_index
from apps.core.errors import WrongState
from apps.core.privacy.protected import Protected
from tests.proofs import sized
from tests.world import LINE, World

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)  # a Monday; no holiday follows in November
PHONES = ["+8613800001234", "+8613900005678"]
SHIFTS = [1, 20, 59, 60, 61, 300, 3_600, 5 * 3_600, 24 * 3_600]


@dataclass
class Given:
    """A number that a dialler was given. It may have been dialled unless it was credibly given back."""

    call: int
    phone: str
    dialler: int
    at: datetime
    is_made: bool = False
    is_released: bool = False

    @property
    def may_have_been_dialled(self) -> bool:
        return self.is_made or not self.is_released


@dataclass
class Model:
    given: list[Given] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)  # at the desk
    is_paused: bool = False
    is_suspended: bool = False

    def counted(self, phone: str) -> list[Given]:
        return [each for each in self.given if each.phone == phone and each.may_have_been_dialled]


class Diallers(RuleBasedStateMachine):
    """Each example runs in a transaction of its own that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(START, tick=False)
        self.traveller = self.clock.start()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.model = Model()

    @initialize()
    def a_legal_world(self) -> None:
        self.world = World()
        self.world.add_contact(PHONES[1])
        Contact.objects.update(expires_at=START + timedelta(days=300))
        self.clients = [
            self.world.client,
            *(self.world.api_client(f"dialler{each}", "authorize", "dial", "events")[0] for each in (2, 3)),
        ]
        for client in self.clients:
            self.world.campaign.clients.add(client)
        self.agent = self.world.people["agent"]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
        self.clock.stop()

    @property
    def now(self) -> datetime:
        return datetime.now(SHANGHAI)

    def _hand_over(self, call: int, phone: str, dialler: int) -> None:
        """A dialler has the number from now on. Nobody may be called who refused, and nobody too often."""
        before = self.model.counted(phone)
        assert phone not in self.model.opted_out
        assert not self.model.is_paused
        assert not [each for each in before if each.at.date() == self.now.date()], (
            "a second call within the day"
        )
        assert len([each for each in before if each.at > self.now - timedelta(days=7)]) < 3, (
            "a fourth call within the week"
        )
        self.model.given.append(Given(call, phone, dialler, self.now))

    @rule(phone=st.sampled_from(PHONES), dialler=st.integers(0, 2))
    def ask(self, phone: str, dialler: int) -> None:
        answer = calls.authorize(
            campaign="spring",
            phone=Protected(phone, "phone"),
            line=LINE,
            client=self.clients[dialler],
            hands_over=True,
        )
        if answer.allowed:
            assert answer.call_id is not None
            self._hand_over(answer.call_id, phone, dialler)

    @rule(
        phone=st.sampled_from(PHONES),
        happens=st.sampled_from(["", "opt_out", "pause", "suspend", "end", "wait"]),
        dialler=st.integers(0, 2),
        key=st.sampled_from([None, "k1", "k2"]),
    )
    def place_at_the_desk(self, phone: str, happens: str, dialler: int, key: str | None) -> None:
        """A reservation of an agent's, and what happens before a dialler claims it: no number is handed over
        until then."""
        self.make_ready()
        answer = calls.authorize(
            campaign="spring",
            phone=Protected(phone, "phone"),
            line=LINE,
            agent=self.agent,
            checklist_done=True,
        )
        if not answer.allowed:
            return
        assert phone not in self.model.opted_out
        assert not self.model.is_paused
        assert not self.model.is_suspended
        match happens:
            case "opt_out" if len(self.model.opted_out) < len(PHONES) - 1:
                self.opt_out(phone)
            case "pause":
                self.pause_or_go_on()
            case "suspend":
                self.suspend_or_let_on()
            case "end":
                self.end_at_the_desk()
            case "wait":
                self.traveller.shift(61)
        self.claim(dialler, key)

    def make_ready(self) -> None:
        if self.model.is_paused:
            self.pause_or_go_on()
        if self.model.is_suspended:
            self.suspend_or_let_on()
        self.end_at_the_desk()
        if (call := open_call(self.agent)) and call.is_over:
            calls.write_disposition(actor=self.agent, call=call, reason="interested")

    @rule(dialler=st.integers(0, 2), key=st.sampled_from([None, "k1", "k2"]))
    def a_dialler_claims(self, dialler: int, key: str | None) -> None:
        self.claim(dialler, key)

    def claim(self, dialler: int, key: str | None) -> None:
        try:
            claimed = calls.claim_call(client=self.clients[dialler], key=key)
        except WrongState:  # the call of this key may no longer be made
            return
        if claimed is None:
            return
        call, number = claimed
        assert not self.model.is_suspended
        assert call.pk not in self.model.ended
        phone = next(each for each in PHONES if blind_index.number_index(each) == bytes(call.number_index))
        if call.pk in {each.call for each in self.model.given}:  # the same key again
            assert key
            assert phone not in self.model.opted_out
            assert not self.model.is_paused
        else:
            self._hand_over(call.pk, phone, dialler)
        assert number.kind == "phone"

    @rule()
    def end_at_the_desk(self) -> None:
        if call := open_call(self.agent):
            calls.request_end(actor=self.agent, call=call)
            self.model.ended.add(call.pk)

    @rule(reason=st.sampled_from(["interested", "not_reached", "opted_out"]))
    def write_the_result(self, reason: str) -> None:
        call = open_call(self.agent)
        if call is None or not call.is_over or (reason == "not_reached" and call.answered_at):
            return
        if reason == "interested" and call.opted_out_at:
            return
        calls.write_disposition(actor=self.agent, call=call, reason=reason)
        if reason == "opted_out":
            self.model.opted_out.add(
                next(each for each in PHONES if blind_index.number_index(each) == bytes(call.number_index))
            )

    @precondition(lambda self: len(self.model.opted_out) < len(PHONES) - 1)
    @rule(phone=st.sampled_from(PHONES))
    def opt_out(self, phone: str) -> None:
        self.world.opt_out(phone=phone.removeprefix("+86"), evidence=f"letter {len(self.model.given)}")
        self.model.opted_out.add(phone)

    @rule()
    def pause_or_go_on(self) -> None:
        move = campaigns.run_campaign if self.model.is_paused else campaigns.pause_campaign
        self.world.campaign = move(actor=self.world.people["supervisor"], campaign=self.world.campaign)
        self.model.is_paused = not self.model.is_paused

    @rule()
    def suspend_or_let_on(self) -> None:
        actor = self.world.people["compliance"]
        if self.model.is_suspended:
            self.agent = accounts.resume(actor=actor, agent=self.agent)
        else:
            self.agent = accounts.suspend(actor=actor, agent=self.agent, reason="复核")
        self.model.is_suspended = not self.model.is_suspended

    @rule(
        data=st.data(),
        event=st.sampled_from(EVENTS),
        off=st.sampled_from([None, -86_400, -400, -3, 0, 5, 70, 4_000, 86_400]),
    )
    def report(self, data: st.DataObject, event: str, off: int | None) -> None:
        if not self.model.given:
            return
        given = data.draw(st.sampled_from(self.model.given))
        digit = data.draw(st.sampled_from(["", "1", "#", 5]))
        at = None if off is None else given.at + timedelta(seconds=off)
        taken = calls.record_event(
            call_id=given.call, event=event, client=self.clients[given.dialler], at=at, digit=digit
        )
        if event != "released":
            given.is_made = True
        elif not given.is_made and given.at.date() == self.now.date():
            given.is_released = True
        assert taken.call.state == Call.objects.get(pk=given.call).state

    @rule(seconds=st.sampled_from(SHIFTS))
    def time_passes(self, seconds: int) -> None:
        self.traveller.shift(seconds)

    @rule()
    def the_clock_of_reservations_runs(self) -> None:
        calls.expire_reservations()
        calls.end_lost_calls()

    @invariant()
    def what_may_have_been_dialled_is_stored_as_counting(self) -> None:
        counting = set(Call.objects.filter(Call.counted()).values_list("pk", flat=True))
        expected = {each.call for each in self.model.given if each.may_have_been_dialled}
        assert expected <= counting
        assert {each.call for each in self.model.given if not each.may_have_been_dialled} & counting == set()


class TestDiallers(Diallers.TestCase, TestCase):  # type: ignore[misc, name-defined]
    settings = settings(
        max_examples=sized(60, 300),
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

    def _fixture_setup(self) -> Any:
        return super()._fixture_setup()
