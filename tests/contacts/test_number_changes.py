"""Another system gives a person another number: what they refused goes with the person (R14, R15, R40)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import ApiClient
from apps.campaigns.models import QueueEntry
from apps.contacts import services
from apps.contacts.models import ExternalRef
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.privacy import phones
from apps.core.privacy.protected import clear_for_machine
from apps.optouts.models import OptOut
from apps.optouts.services import approve_lift, ask_lift
from tests.http import Api
from tests.world import OTHER_PHONE, PHONE, World


@pytest.fixture
def crm(world: World) -> Api:
    _client, key = world.api_client("crm", "contacts")
    crm = Api(key)
    give(crm, PHONE)
    return crm


def give(crm: Api, phone: str) -> None:
    at = (clock.now() - timedelta(days=1)).isoformat()
    consent = {"purpose": "membership", "channel": "web", "given_at": at, "evidence": "form 1"}
    answer = crm.send("put", "contacts/crm-1", {"phone": phone, "source": "members", "consents": [consent]})
    assert answer.status_code in {200, 201}, answer.content


def doubt(world: World) -> Any:
    index = blind_index.number_index(phones.normalise(PHONE))
    return services.raise_doubt(
        number_index=index, origin="person", reference="来电记录", actor=world.people["agent"]
    )


def entries(world: World) -> list[tuple[str, str]]:
    hashes = blind_index.register_hashes(phones.normalise(OTHER_PHONE)).values()
    return list(
        OptOut.objects.filter(number_hash__in=hashes).values_list("channel", "scope_value").order_by("pk")
    )


def test_a_refusal_goes_with_the_person(world: World, crm: Api) -> None:
    refused = world.opt_out()
    give(crm, OTHER_PHONE)
    assert "opted_out" in world.authorize(phone=OTHER_PHONE, reserve=False).codes
    copy = OptOut.objects.latest("pk")
    assert copy.said_at == refused.said_at
    assert copy.evidence == f"entry:{refused.pk}"


def test_each_scope_goes_once_however_often_the_number_changes(world: World, crm: Api) -> None:
    _client, key = world.api_client("erp", "contacts")
    for external_id, phone in (("a", PHONE), ("b", OTHER_PHONE)):  # so that neither number is given up
        Api(key).send("put", f"contacts/{external_id}", {"phone": phone, "source": "members"})
    world.opt_out(scope="purpose", scope_value="membership")
    world.opt_out(evidence="call:2", scope="brand", scope_value=world.brand.name)
    before = OptOut.objects.count()
    for phone in (OTHER_PHONE, PHONE, OTHER_PHONE, PHONE, OTHER_PHONE):
        give(crm, phone)
    assert entries(world) == [("former", "membership"), ("former", world.brand.name)]
    assert OptOut.objects.count() == before + 2


def test_what_was_lifted_stays_lifted(world: World, crm: Api, clock: Any) -> None:
    world.opt_out()
    clock.shift(timedelta(minutes=2))
    consented_at = timezone.now() - timedelta(minutes=1)
    lift = ask_lift(
        actor=world.people["compliance"], phone=PHONE, consent_given_at=consented_at,
        evidence="会员中心表单",
    )  # fmt: skip
    approve_lift(actor=world.people["compliance2"], lift=lift)
    give(crm, OTHER_PHONE)
    assert entries(world) == []


def test_a_stranger_s_refusal_under_the_number_is_the_stranger_s(world: World, crm: Api, clock: Any) -> None:
    found = doubt(world)
    clock.shift(timedelta(minutes=1))
    world.opt_out()
    services.end_consent(actor=world.people["compliance"], doubt=found, reason="机主来电说明")
    give(crm, OTHER_PHONE)
    assert entries(world) == []


def test_while_nobody_has_looked_every_refusal_goes(world: World, crm: Api, clock: Any) -> None:
    doubt(world)
    clock.shift(timedelta(minutes=1))
    world.opt_out()
    give(crm, OTHER_PHONE)
    assert entries(world) == [("former", "")]


def test_it_holds_where_the_new_number_is_known_already(world: World, crm: Api) -> None:
    world.add_contact(OTHER_PHONE)
    world.opt_out()
    give(crm, OTHER_PHONE)
    assert "opted_out" in world.authorize(phone=OTHER_PHONE, reserve=False).codes


def test_what_is_not_sent_stays_when_the_number_changes(world: World, crm: Api) -> None:
    """`PATCH` changes what is sent and nothing else: name, note, tags, the place in the queue come along."""
    world.campaign.clients.add(ApiClient.objects.get(name="crm"))
    whole = {
        "phone": PHONE, "source": "members", "name": "王小明", "note": "老客户", "tags": ["会员"],
        "list": "spring",
    }  # fmt: skip
    assert crm.send("put", "contacts/crm-1", whole).status_code == 200
    assert QueueEntry.objects.filter(contact=world.contact).count() == 1
    assert crm.send("patch", "contacts/crm-1", {"phone": OTHER_PHONE}).status_code == 200
    moved = ExternalRef.objects.get(external_id="crm-1").contact
    assert moved.pk != world.contact.pk
    assert [clear_for_machine(value) for value in (moved.name, moved.note)] == ["王小明", "老客户"]
    assert moved.tags == ["会员"]
    assert QueueEntry.objects.filter(contact=moved, state="waiting").count() == 1
    assert "no_consent" in world.authorize(phone=OTHER_PHONE, reserve=False).codes, "consents do not"
