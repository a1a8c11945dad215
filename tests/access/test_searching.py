"""Fishing for numbers: questions are counted, remembered for a while, and neighbours of one mask raise an
alarm."""

import io
import random
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from apps.access import services
from apps.access.models import NumberSearch
from apps.audit.models import AccessEvent, Alarm
from apps.contacts import services as contacts
from apps.contacts.services import previewing
from apps.notifications.models import Notice
from tests.http import Api
from tests.world import OTHER_PHONE, PHONE, World


def search(client: Any, number: str) -> Any:
    return client.post(reverse("contact_search"), {"number": number}, follow=True)


@pytest.mark.parametrize(("span", "most", "apart"), [("hour", 20, 60), ("day", 60, 240)])
def test_an_agent_searches_so_often_and_no_more(
    world: World, browse: Any, clock: Any, span: str, most: int, apart: int
) -> None:
    agent = browse("agent")
    for number in range(most):
        search(agent, f"1390000{number:04}")
        clock.shift(apart)
    assert search(agent, PHONE).redirect_chain == [(reverse("contacts"), 302)]
    assert AccessEvent.objects.filter(kind="searched").count() == most + 1, (
        "the refused one is in the trail too"
    )
    clock.shift(timedelta(days=1))
    agent = browse("agent")
    assert search(agent, PHONE).redirect_chain == [(reverse("contact", kwargs={"pk": world.contact.pk}), 302)]


def test_a_miss_and_somebody_else_s_contact_are_answered_alike(world: World, browse: Any) -> None:
    world.add_contact(OTHER_PHONE, campaign=world.running_campaign("autumn", agents=()))
    agent = browse("agent")
    answers = [
        agent.post(reverse("contact_search"), {"number": number}) for number in (OTHER_PHONE, "13900009999")
    ]
    assert len({(each.status_code, each.headers["Location"], each.content) for each in answers}) == 1
    assert [event.subject for event in AccessEvent.objects.filter(kind="searched")] == ["none", "none"]


def test_a_miss_and_somebody_else_s_contact_cost_the_same_statements(world: World, browse: Any) -> None:
    """No clock tells them apart: the same work in the same order, whoever has the number."""
    world.add_contact(OTHER_PHONE, campaign=world.running_campaign("autumn", agents=()))
    agent = browse("agent")
    search(agent, "13900008888")  # what a process looks up once

    def statements(number: str) -> list[str]:
        asked: list[str] = []

        def note(run: Any, sql: str, *rest: Any) -> Any:
            asked.append(re.sub(r"SAVEPOINT .*", "SAVEPOINT", sql))  # each has a name of its own
            return run(sql, *rest)

        with connection.execute_wrapper(note):
            search(agent, number)
        return asked

    foreign = statements(OTHER_PHONE)
    assert len(foreign) > 5
    assert foreign == statements("13900009999")


def test_the_third_number_under_one_mask_raises_one_alarm(world: World) -> None:
    agent = world.people["agent"]
    for middle in range(5):
        services.search_number(actor=agent, number=f"+86138{middle:04}1234")
        assert Alarm.objects.filter(code="numbers_guessed", person=agent).count() == (1 if middle >= 2 else 0)
    assert Notice.objects.filter(code="alarm_raised").count() == 2, "both of compliance, once"


def test_the_same_number_again_is_no_neighbour(world: World) -> None:
    for _again in range(5):
        services.search_number(actor=world.people["agent"], number=f"+86{PHONE}")
    assert not Alarm.objects.filter(code="numbers_guessed").exists()


def test_last_digits_count_as_questions_too(world: World, browse: Any) -> None:
    agent = browse("agent")
    for _each in range(20):
        assert search(agent, "1234").redirect_chain == []
    assert search(agent, "1234").redirect_chain == [(reverse("contacts"), 302)]


def test_questions_are_forgotten_after_two_days(world: World, clock: Any) -> None:
    services.search_number(actor=world.people["agent"], number=f"+86{PHONE}")
    clock.shift(timedelta(days=2, seconds=1))
    services.search_number(actor=world.people["agent"], number=f"+86{OTHER_PHONE}")
    assert NumberSearch.objects.count() == 1


def test_lists_of_neighbours_raise_an_alarm_and_ordinary_lists_do_not(world: World) -> None:
    ordinary = random.Random(7).sample(range(10**9), 5_000)
    services.watch_list([f"+8613{number:09}" for number in ordinary], actor=world.people["supervisor"])
    assert not Alarm.objects.filter(code="numbers_guessed").exists()
    services.watch_list([f"+86138{middle:04}1234" for middle in range(10)], actor=world.people["supervisor"])
    assert Alarm.objects.filter(code="numbers_guessed").exists()


def test_a_bulk_of_neighbours_by_the_api_raises_an_alarm(world: World) -> None:
    _client, key = world.api_client("crm", "contacts")
    items = [
        {"external_id": f"c{middle}", "phone": f"138{middle:04}1234", "source": "members"}
        for middle in range(1, 5)
    ]
    assert Api(key).post("contacts", {"items": items}).status_code == 200
    assert Alarm.objects.filter(code="numbers_guessed", client__isnull=False).exists()


def test_a_dialler_that_asks_for_neighbours_that_nobody_has_raises_an_alarm(world: World) -> None:
    """Its calls go on: a list with dead numbers is no attack."""
    api = Api(world.key)
    asked = {"campaign": "spring", "line": world.line.number}
    for middle in range(4):
        answer = api.post("calls/authorize", {**asked, "phone": f"139{middle:04}1234"}).json()
        assert [reason["code"] for reason in answer["reasons"]] == ["unknown_contact"]
    assert Alarm.objects.filter(code="numbers_guessed", client=world.client).exists()
    assert api.post("calls/authorize", {**asked, "phone": PHONE}).json()["decision"] == "allow"


def test_hashes_of_neighbours_raise_an_alarm(world: World) -> None:
    """Beside the feed of opt-outs a hash says who opted out."""
    client, key = world.api_client("reader", "feed")
    ordinary = random.Random(7).sample(range(10**9), 2_000)
    assert (
        Api(key).post("opt-outs/hashes", {"numbers": [f"+8613{each:09}" for each in ordinary]}).status_code
        == 200
    )
    assert not Alarm.objects.filter(code="numbers_guessed").exists()
    assert (
        Api(key)
        .post("opt-outs/hashes", {"numbers": [f"138{each:04}1234" for each in range(2_000)]})
        .status_code
        == 200
    )
    assert Alarm.objects.filter(code="numbers_guessed", client=client).exists()


def test_neighbours_one_by_one_raise_an_alarm_too(world: World) -> None:
    """By single records and by lists of two: a program that asks often is no less curious than one that asks
    at once."""
    client, key = world.api_client("crm", "contacts")
    for middle in range(1, 4):
        body = {"phone": f"138{middle:04}1234", "source": "members"}
        assert Api(key).send("put", f"contacts/c{middle}", body).status_code in {200, 201}
        assert Alarm.objects.filter(code="numbers_guessed", client=client).exists() == (middle == 3)
    for pair in (1, 3):
        services.watch_list(
            [f"+86139{pair + each:04}1234" for each in range(2)], actor=world.people["supervisor"]
        )
    assert Alarm.objects.filter(code="numbers_guessed", person=world.people["supervisor"]).exists()


def test_the_same_records_again_ask_nothing(world: World) -> None:
    _client, key = world.api_client("crm", "contacts")
    for _again in range(3):
        assert Api(key).send(
            "put", "contacts/c1", {"phone": "13800011234", "source": "members"}
        ).status_code in {200, 201}
    assert NumberSearch.objects.filter(listed=True).count() == 1


def test_what_an_import_would_do_is_a_question_too(world: World) -> None:
    supervisor = world.people["supervisor"]
    rows = "".join(f"138{middle:04}1234\n" for middle in range(1, 5))
    file = io.BytesIO(f"手机号\n{rows}".encode())
    waiting = contacts.start_import(actor=supervisor, source=world.source, file_name="list.csv", file=file)
    previewing.forecast(waiting, {"phone": 0}, leave_hidden=False)
    assert Alarm.objects.filter(code="numbers_guessed", person=supervisor).exists()
