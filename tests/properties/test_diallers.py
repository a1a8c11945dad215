"""What may have been dialled counts: three diallers whose reports are missing, doubled, late, out of order or impossible.

The model counts the numbers that were handed over and not credibly given back: of one number no second within a day, no fourth
within a week, whatever was reported and whenever it arrived.
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
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from apps.calls import services as calls
from apps.calls.models import Call
from apps.calls.rules import EVENTS
from apps.contacts.models import Contact
from apps.core.privacy.protected import Protected
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
        self.clients = [self.world.client, *(self.world.api_client(f"dialler{each}", "authorize", "dial", "events")[0] for each in (2, 3))]
        for client in self.clients:
            self.world.campaign.clients.add(client)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
        self.clock.stop()

    @property
    def now(self) -> datetime:
        return datetime.now(SHANGHAI)

    @rule(phone=st.sampled_from(PHONES), dialler=st.integers(0, 2))
    def ask(self, phone: str, dialler: int) -> None:
        answer = calls.authorize(
            campaign="spring", phone=Protected(phone, "phone"), line=LINE, client=self.clients[dialler], hands_over=True
        )
        if not answer.allowed:
            return
        before = self.model.counted(phone)
        today = [each for each in before if each.at.date() == self.now.date()]
        week = [each for each in before if each.at > self.now - timedelta(days=7)]
        assert not today, "a second call within the day"
        assert len(week) < 3, "a fourth call within the week"
        assert answer.call_id is not None
        self.model.given.append(Given(answer.call_id, phone, dialler, self.now))

    @rule(data=st.data(), event=st.sampled_from(EVENTS), off=st.sampled_from([None, -86_400, -400, -3, 0, 5, 70, 4_000, 86_400]))
    def report(self, data: st.DataObject, event: str, off: int | None) -> None:
        if not self.model.given:
            return
        given = data.draw(st.sampled_from(self.model.given))
        digit = data.draw(st.sampled_from(["", "1", "#", 5]))
        at = None if off is None else given.at + timedelta(seconds=off)
        taken = calls.record_event(call_id=given.call, event=event, client=self.clients[given.dialler], at=at, digit=digit)
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
        max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )

    def _fixture_setup(self) -> Any:
        return super()._fixture_setup()
