"""The web link: one click, no sign-in; looking changes nothing; it outlives the contact."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from apps.contacts.models import Contact
from apps.core.errors import NotFound
from apps.optouts import services
from apps.optouts.models import Link, OptOut
from tests.http import Api, SecureClient, problem
from tests.world import OTHER_PHONE, PHONE, World


def address(world: World, phone: str = PHONE) -> str:
    return reverse("leave", kwargs={"word": services.make_link(phone=f"+86{phone}")})


def test_looking_changes_nothing_and_one_click_opts_out(world: World) -> None:
    url = address(world)
    stranger = SecureClient(enforce_csrf_checks=True)
    for method in ("get", "head"):
        assert getattr(stranger, method)(url).status_code in {200, 405}
    assert not OptOut.objects.exists()
    answer = stranger.post(url, follow=True)
    assert answer.status_code == 200
    assert world.authorize().codes == ["opted_out"]
    assert OptOut.objects.get().channel == "web"


def test_a_second_click_is_the_same_entry(world: World) -> None:
    url = address(world)
    for _time in range(3):
        SecureClient().post(url)
    assert OptOut.objects.count() == 1


def test_after_a_lift_the_same_link_says_no_again(world: World, clock: Any) -> None:
    url = address(world)
    SecureClient().post(url)
    clock.shift(timedelta(hours=1))
    lift = services.ask_lift(
        actor=world.people["compliance"], phone=PHONE, consent_given_at=world.at("10:30"), evidence="录音"
    )
    services.approve_lift(actor=world.people["compliance2"], lift=lift)
    assert world.authorize(reserve=False).allowed
    assert not SecureClient().get(url).context["is_done"]
    for _time in range(2):
        SecureClient().post(url)
    assert SecureClient().get(url).context["is_done"]
    assert world.authorize(reserve=False).codes == ["opted_out"]
    assert OptOut.objects.count() == 2


def test_a_link_opts_out_its_own_number_alone(world: World) -> None:
    world.add_contact(OTHER_PHONE)
    SecureClient().post(address(world, OTHER_PHONE))
    assert world.authorize(reserve=False).allowed
    assert "opted_out" in world.authorize(phone=OTHER_PHONE, reserve=False).codes


def test_a_link_still_works_when_the_contact_was_erased(world: World) -> None:
    url = address(world)
    Contact.objects.all().delete()
    SecureClient().post(url)
    world.add_contact(PHONE)
    assert "opted_out" in world.authorize(reserve=False).codes


@pytest.mark.parametrize("word", ["x", "a" * 41, "..", "AAAAAAAAAAAAAAAA"])
def test_a_word_that_was_never_given_is_no_page(world: World, word: str) -> None:
    for method in ("get", "post"):
        assert getattr(SecureClient(), method)(f"/o/{word}/").status_code == 404
    with pytest.raises(NotFound):
        services.use_link(word=word)


def test_neither_the_word_nor_the_number_is_stored(world: World) -> None:
    word = services.make_link(phone=f"+86{PHONE}")
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(l)::text from optouts_link l")
        (text,) = cursor.fetchone()
    assert word not in text
    assert PHONE not in text
    assert Link.objects.count() == 1


def test_the_page_tells_no_referrer_and_is_not_kept(world: World) -> None:
    answer = SecureClient().get(address(world))
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_programs_ask_for_links(world: World) -> None:
    api = Api(world.key)
    url = api.post("opt-outs/links", {"contact": world.contact.public_id}).json()["url"]
    assert SecureClient().post(url[url.index("/o/") :]).status_code == 302
    assert world.authorize(reserve=False).codes == ["opted_out"]
    assert problem(api.post("opt-outs/links", {"phone": "123"})) == (422, "phone_invalid")


def test_programs_record_a_refusal_of_one_purpose(world: World) -> None:
    api = Api(world.key)
    payload: dict[str, Any] = {
        "phone": PHONE,
        "evidence": "e1",
        "scope": "purpose",
        "scope_value": "membership",
    }
    assert api.post("opt-outs", payload).status_code == 201
    assert (OptOut.objects.get().scope, OptOut.objects.get().scope_value) == ("purpose", "membership")
    assert api.post("opt-outs", {**payload, "evidence": "e2", "scope_value": ""}).json()["ignored"] == [
        "scope"
    ]
    assert OptOut.objects.latest("pk").scope == "everything", (
        "a scope that names nothing is no reason to lose the refusal"
    )
