"""A refusal of one purpose or brand; a lift by fresh consent and two people; a new key of the register."""

import base64
import json
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import override

from apps.campaigns.models import Campaign, QueueEntry
from apps.contacts.models import Purpose
from apps.core.calendar import clock as ours
from apps.core.crypto import keyring
from apps.core.errors import BadInput, FourEyes, NotAllowed, PersonalDataFound, WrongState
from apps.optouts import queries, services
from apps.optouts.models import Lift, OptOut
from apps.optouts.services.recording import Hashed
from tests.http import Api
from tests.world import OTHER_PHONE, PHONE, World


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


def by_hand(world: World, **fields: Any) -> OptOut:
    asked = {"phone": PHONE, "channel": "complaint", "evidence": "投诉 2026-17", **fields}
    return services.record_by_hand(actor=world.people["supervisor"], **asked)


def other_purpose(world: World) -> None:
    purpose = Purpose.objects.create(code="survey", name="回访")
    source = world.approved_source("survey", purpose)
    world.running_campaign("survey", purpose=purpose, brand="明澜")
    contact = world.add_contact(OTHER_PHONE, source=source, consent=False)
    world.consent(contact, purpose=purpose)
    world.consent(contact)


def test_a_refusal_of_one_purpose_leaves_the_other(world: World) -> None:
    other_purpose(world)
    by_hand(world, phone=OTHER_PHONE, scope="purpose", scope_value="membership")
    assert "opted_out" in world.authorize(phone=OTHER_PHONE, reserve=False).codes
    assert "opted_out" not in world.authorize(campaign="survey", phone=OTHER_PHONE, reserve=False).codes


def test_a_refusal_of_one_brand_drops_its_queues_alone(world: World) -> None:
    other_purpose(world)
    QueueEntry.objects.create(campaign=Campaign.objects.get(code="survey"), contact=world.contact)
    by_hand(world, scope="brand", scope_value="明澜")
    states = dict(QueueEntry.objects.filter(contact=world.contact).values_list("campaign__code", "state"))
    assert states == {"spring": "waiting", "survey": "dropped"}
    assert "opted_out" in world.authorize(campaign="survey", reserve=False).codes
    assert "opted_out" not in world.authorize(reserve=False).codes


@pytest.mark.parametrize("payload", [
    {"scope": "purpose"}, {"scope": "everything", "scope_value": "x"}, {"scope": "half"}, {"channel": "key"},
    {"evidence": " "},
    {"evidence": "来电13800001234"}, {"evidence": "证件110101188002045240"},
    {"said_at": datetime.fromisoformat("2030-01-01T00:00:00+08:00")},
    {"phone": "123"},
])  # fmt: skip
def test_what_is_no_record_is_refused_with_a_sentence(world: World, payload: dict[str, Any]) -> None:
    with pytest.raises((BadInput, PersonalDataFound)):
        by_hand(world, **payload)
    assert not OptOut.objects.exists()


def test_only_staff_records_by_hand(world: World) -> None:
    for role in ("agent", "admin"):
        with pytest.raises(NotAllowed):
            services.record_by_hand(actor=world.people[role], phone=PHONE, channel="agent", evidence="x")


def ask(world: World, *, consent: datetime | None = None, phone: str = PHONE) -> Lift:
    return services.ask_lift(
        actor=world.people["compliance"],
        phone=phone,
        consent_given_at=consent or ours.now(),
        evidence="录音 rc_17",
    )


def test_a_lift_needs_fresh_consent_and_a_second_person(world: World, clock: Any) -> None:
    world.opt_out()
    with pytest.raises(BadInput, match="older"):
        ask(world)
    clock.shift(timedelta(hours=1))
    lift = ask(world)
    assert "opted_out" in world.authorize(reserve=False).codes
    with pytest.raises(FourEyes):
        services.approve_lift(actor=world.people["compliance"], lift=lift)
    services.approve_lift(actor=world.people["compliance2"], lift=lift)
    assert world.authorize(reserve=False).allowed
    with pytest.raises(WrongState):
        services.refuse_lift(actor=world.people["compliance2"], lift=lift)


@pytest.mark.parametrize(
    "sent_at", ["2026-11-24T09:30:00+08:00", "2000-01-01T00:00:00Z", "2026-11-24T11:01:00", None]
)
def test_a_word_that_arrives_after_the_lift_counts_whatever_its_clock_says(
    world: World, clock: Any, sent_at: str | None
) -> None:
    world.opt_out()
    clock.shift(timedelta(hours=1))
    services.approve_lift(actor=world.people["compliance2"], lift=ask(world))
    assert world.authorize(reserve=False).allowed
    clock.shift(timedelta(minutes=1))
    body = {"from": PHONE, "text": "TD", "message_id": "late", "sent_at": sent_at}
    assert Api(world.key).post("sms", body).json()["reading"] == "refusal"
    assert "opted_out" in world.authorize(reserve=False).codes


def test_a_refused_lift_changes_nothing(world: World, clock: Any) -> None:
    world.opt_out()
    clock.shift(timedelta(hours=1))
    services.refuse_lift(actor=world.people["compliance2"], lift=ask(world))
    assert "opted_out" in world.authorize(reserve=False).codes


def test_a_lift_is_asked_by_compliance_for_a_number_on_the_register(world: World, clock: Any) -> None:
    with pytest.raises(BadInput, match="not on the register"):
        ask(world)
    world.opt_out()
    clock.shift(timedelta(hours=1))
    for role in ("agent", "supervisor", "admin"):
        with pytest.raises(NotAllowed):
            services.ask_lift(
                actor=world.people[role], phone=PHONE, consent_given_at=ours.now(), evidence="x"
            )
    with pytest.raises(BadInput, match="future"):
        ask(world, consent=ours.now() + timedelta(days=1))


def test_the_tables_hold_four_eyes_of_a_lift(world: World, clock: Any) -> None:
    world.opt_out()
    clock.shift(timedelta(hours=1))
    lift = ask(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Lift.objects.filter(pk=lift.pk).update(
            state="approved", decided_by=lift.asked_by, decided_at=ours.now()
        )
    services.approve_lift(actor=world.people["compliance2"], lift=lift)
    for change in ({"state": "refused"}, {"evidence": "x"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Lift.objects.filter(pk=lift.pk).update(**change)


@pytest.fixture
def new_key(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The register gets another key, current; the old one stays beside it."""

    def rotate() -> None:
        ring = json.loads(
            django_settings.HEGUI_KEYRING or keyring.read_private_file(django_settings.HEGUI_KEYRING_FILE)
        )
        ring["register"]["keys"]["k2"] = base64.b64encode(secrets.token_bytes(32)).decode()
        ring["register"]["current"] = "k2"
        monkeypatch.setattr(django_settings, "HEGUI_KEYRING", json.dumps(ring))

    return rotate


def test_an_entry_under_an_older_key_blocks_as_before(world: World, new_key: Any) -> None:
    world.opt_out()
    new_key()
    assert "opted_out" in world.authorize(reserve=False).codes


def test_a_number_that_is_seen_again_is_moved_on_to_the_new_key(
    world: World, new_key: Any, clock: Any
) -> None:
    first = world.opt_out()
    new_key()
    clock.shift(timedelta(minutes=1))
    world.opt_out(evidence="call:2")
    keys = list(OptOut.objects.order_by("pk").values_list("key_id", "moved_from_id"))
    assert keys == [(first.key_id, None), ("k2", first.pk), ("k2", None)]
    assert len(queries.entries_in_force(Hashed.of(f"+86{PHONE}").hashes.values())) == 2
    assert queries.register(world.people["compliance"]).count() == 2


def test_the_same_evidence_under_a_new_key_is_the_same_entry(world: World, new_key: Any) -> None:
    world.opt_out(evidence="call:1")
    new_key()
    again = world.opt_out(evidence="call:1")
    assert OptOut.objects.filter(moved_from__isnull=True).count() == 1
    assert again.evidence == "call:1"


def test_a_lift_holds_over_a_new_key(world: World, new_key: Any, clock: Any) -> None:
    world.opt_out()
    clock.shift(timedelta(hours=1))
    services.approve_lift(actor=world.people["compliance2"], lift=ask(world))
    new_key()
    assert world.authorize(reserve=False).allowed
    services.take_message(
        client=world.client, sender=f"+86{PHONE}", text="TD", message_id="old", sent_at=world.at("09:00")
    )
    assert world.authorize(reserve=False).allowed
    clock.shift(timedelta(minutes=1))
    world.opt_out(evidence="call:5")
    assert "opted_out" in world.authorize(reserve=False).codes


def test_a_lift_after_a_new_key_lifts_what_stood_under_the_old(
    world: World, new_key: Any, clock: Any
) -> None:
    world.opt_out()
    new_key()
    clock.shift(timedelta(hours=1))
    services.approve_lift(actor=world.people["compliance2"], lift=ask(world))
    assert world.authorize(reserve=False).allowed


def test_the_same_evidence_after_a_lift_counts_anew_when_it_is_a_later_word(world: World, clock: Any) -> None:
    said = world.at("10:00")
    first = services.record_opt_out(phone=f"+86{PHONE}", channel="agent", evidence="desk:1", said_at=said)
    clock.shift(timedelta(hours=1))
    services.approve_lift(actor=world.people["compliance2"], lift=ask(world))
    clock.shift(timedelta(minutes=1))
    assert (
        services.record_opt_out(phone=f"+86{PHONE}", channel="agent", evidence="desk:1", said_at=said)
        == first
    )
    assert world.authorize(reserve=False).allowed
    again = services.record_opt_out(phone=f"+86{PHONE}", channel="agent", evidence="desk:1")
    assert again.evidence == "desk:1#2"
    assert services.record_opt_out(phone=f"+86{PHONE}", channel="agent", evidence="desk:1") == again
    assert "opted_out" in world.authorize(reserve=False).codes


def test_a_link_of_before_a_new_key_knows_that_its_holder_has_left(world: World, new_key: Any) -> None:
    link = services.link_of(services.make_link(phone=f"+86{PHONE}"))
    world.opt_out()
    assert services.has_left(link)
    new_key()
    world.opt_out(evidence="call:2")  # the number is seen again: its entries move on
    assert services.has_left(link)
