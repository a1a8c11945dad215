"""One person is one number by every door: a form, a file, a program, a message, a search."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings

from apps.access.models import NumberSearch
from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.core.crypto import blind_index
from apps.optouts import services as optouts
from apps.optouts.models import OptOut
from apps.quality.models import Complaint
from tests.core.written import written
from tests.http import Api
from tests.world import PHONE, World

PROPERTY = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FRESH = "13900007777"
E164 = f"+86{FRESH}"
SPELLED = [
    "1390000777７",
    "١٣٩٠٠٠٠٧٧٧٧",
    "𝟏𝟑𝟗𝟎𝟎𝟎𝟎𝟕𝟕𝟕𝟕",
    "\u202a+86 139-0000-7777\u202c",
    "tel:+86-13900007777",
    "13900007777。",
    "００８６１３９００００７７７７",
]


def _by_hand(world: World, browse: Any, text: str) -> None:
    optouts.record_by_hand(
        actor=world.people["compliance"], phone=text, channel=OptOut.Channel.COMPLAINT, evidence="letter 1"
    )


def _by_api(world: World, browse: Any, text: str) -> None:
    assert Api(world.key).post("opt-outs", {"phone": text}).status_code == 201


def _by_message(world: World, browse: Any, text: str) -> None:
    assert Api(world.key).post("sms", {"from": text, "text": "TD"}).status_code == 200


def _by_list(world: World, browse: Any, text: str) -> None:
    made = optouts.take_list(
        actor=world.people["compliance"],
        content=f"手机号\n{text}".encode(),
        file_name="l.csv",
        origin="regulator",
        evidence="e",
    )
    optouts.run_list(made.job_id)


@pytest.mark.parametrize("text", SPELLED)
@pytest.mark.parametrize("door", [_by_hand, _by_api, _by_message, _by_list])
def test_a_refusal_blocks_the_person_however_the_number_is_written(
    world: World, browse: Any, door: Callable[[World, Any, str], None], text: str
) -> None:
    world.add_contact(FRESH)
    assert world.authorize(phone=FRESH, reserve=False).allowed
    door(world, browse, text)
    assert world.authorize(phone=FRESH, reserve=False).codes == ["opted_out"]


def _imported(world: World, text: str) -> None:
    file = io.BytesIO(f"手机号\n{text}\n".encode())
    contacts.import_now(
        actor=world.people["supervisor"],
        source=world.source,
        file_name="l.csv",
        file=file.getvalue(),
        leave_hidden=None,
    )


def _synced(world: World, text: str) -> None:
    _client, key = world.api_client("crm", "contacts")
    assert Api(key).send("put", "contacts/c1", {"phone": text, "source": "members"}).status_code == 201


@pytest.mark.parametrize("text", SPELLED)
@pytest.mark.parametrize("door", [_imported, _synced])
def test_a_contact_is_the_person_however_the_number_is_written(
    world: World, door: Callable[[World, str], None], text: str
) -> None:
    door(world, text)
    made = Contact.objects.exclude(pk=world.contact.pk).get()
    assert bytes(made.number_index) == blind_index.number_index(E164)
    world.opt_out(FRESH)
    assert "opted_out" in world.authorize(phone=FRESH, reserve=False).codes


@pytest.mark.parametrize("text", SPELLED)
def test_a_question_asks_for_the_person_however_the_number_is_written(
    world: World, browse: Any, text: str
) -> None:
    made = world.add_contact(FRESH)
    answer = browse("supervisor").post(reverse("contact_search"), {"number": text}, follow=True)
    assert answer.redirect_chain == [(reverse("contact", kwargs={"pk": made.pk}), 302)]
    assert bytes(NumberSearch.objects.get().number_hash or b"") == blind_index.number_index(E164)
    body = {"campaign": "spring", "phone": text, "line": "01085550101"}
    assert Api(world.key).post("calls/authorize", body).json()["decision"] == "allow"
    assert (
        Api(world.key).post("calls/authorize", {**body, "phone": FRESH}).json()["reasons"][0]["code"]
        == "daily_cap"
    )


@pytest.mark.parametrize("text", SPELLED[:3])
def test_a_complaint_finds_the_person_however_the_number_is_written(world: World, text: str) -> None:
    made = world.add_contact(FRESH)
    answer = Api(world.key).post(
        "complaints", {"phone": text, "text": "太烦了", "kind": "unwanted", "reference": "r1"}
    )
    assert answer.status_code == 201, answer.content
    assert Complaint.objects.get().contact == made
    assert PHONE not in answer.content.decode()


@pytest.mark.parametrize("door", [_by_hand, _by_api, _by_message, _by_list])
@given(text=written())
@PROPERTY
def test_any_mixture_of_digits_and_marks_refuses_by_each_door(
    world: World, door: Callable[[World, Any, str], None], text: str
) -> None:
    with transaction.atomic():
        door(world, None, text)
        assert world.authorize(reserve=False).codes == ["opted_out"]
        transaction.set_rollback(True)


@given(text=written())
@PROPERTY
def test_any_mixture_of_digits_and_marks_is_the_contact_that_is_there(world: World, text: str) -> None:
    with transaction.atomic():
        _imported(world, text)
        _synced(world, text)
        assert Contact.objects.get() == world.contact
        transaction.set_rollback(True)
