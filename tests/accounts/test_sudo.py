"""What needs the password again: asked before the form, what was sent late goes on once, and nothing that was
left runs later."""

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.core.signing import b64_decode
from django.urls import reverse

from apps.audit.models import AccessEvent
from tests.world import PASSWORD, PHONE, World

REVEAL = {"purpose": "call_back", "reason": "die Kundin bat um Rückruf"}


def _address(world: World) -> str:
    return reverse("contact_reveal", kwargs={"pk": world.contact.pk, "field": "phone"})


def _asked(answer: Any) -> str:
    assert "/accounts/reauthenticate/" in answer.headers["Location"]
    return str(answer.headers["Location"])


def _signed_in(world: World, browse: Any, who: str = "supervisor") -> Any:
    """Somebody with a password, who has not given it lately."""
    person = world.people[who]
    person.set_password(PASSWORD)
    person.save()
    return browse(who)


def test_the_password_is_asked_before_the_form(world: World, browse: Any, clock: Any) -> None:
    client = _signed_in(world, browse)
    where = _asked(client.get(_address(world)))
    assert client.post(where, {"password": PASSWORD}).headers["Location"] == _address(world)
    assert client.get(_address(world)).status_code == 200
    clock.shift(timedelta(minutes=11))
    _asked(client.get(_address(world)))


def test_what_was_sent_late_goes_on_and_its_form_names_its_own_address(world: World, browse: Any) -> None:
    client = _signed_in(world, browse)
    where = _asked(client.post(_address(world), {"purpose": "call_back", "reason": ""}))
    text = client.post(where, {"password": PASSWORD}).content.decode()
    assert f'action="{_address(world)}"' in text


def test_what_was_left_does_not_run_when_the_page_is_opened_again(
    world: World, browse: Any, clock: Any
) -> None:
    client = _signed_in(world, browse)
    _asked(client.post(_address(world), REVEAL))
    where = _asked(client.get(_address(world)))
    answer = client.post(where, {"password": PASSWORD}, follow=True)
    assert PHONE not in answer.content.decode()
    assert not AccessEvent.objects.filter(kind="disclosed").exists()


def test_what_waits_for_the_password_lies_encrypted(world: World, browse: Any, clock: Any) -> None:
    client = _signed_in(world, browse, "compliance")
    _asked(client.post(_address(world), {**REVEAL, "reason": "Frau Li, 138 0000 1234, bat darum"}))
    for row in Session.objects.all():
        stored = b64_decode(row.session_data.split(":")[0].lstrip(".").encode())
        assert b"138" not in stored
        assert b"Frau" not in stored


def test_a_session_that_cannot_be_read_is_nobodys(world: World, browse: Any) -> None:
    client = browse("supervisor")
    Session.objects.update(session_data="broken")
    assert "/accounts/login/" in client.get("/", follow=True).redirect_chain[-1][0]
