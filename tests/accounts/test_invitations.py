"""How people come in: the first administrator by `begin`, everybody by a link with which they set their own
password."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import Department, Invitation, User
from apps.accounts.services import InvitationOver
from apps.audit.models import Change
from apps.core.calendar import clock
from apps.core.errors import BadInput, HeguiError, NotAllowed, WrongState
from apps.notifications.models import Notice
from tests.http import SecureClient
from tests.world import World

GOOD = "tulip-Winter-31-x"


def begin(**options: Any) -> str:
    out = StringIO()
    call_command("begin", admin="wang", stdout=out, stderr=StringIO(), **options)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_a_site_begins_once_with_a_link() -> None:
    link = begin(department="华东中心")
    made = User.objects.get()
    assert (made.username, made.role, str(made.department), made.has_usable_password()) == (
        "wang",
        "admin",
        "华东中心",
        False,
    )
    client = SecureClient()
    page = client.get(link, follow=True)
    assert page.redirect_chain == [(reverse("invitation"), 302)], "the word leaves the address"
    sent = client.post(reverse("invitation"), {"new_password1": GOOD, "new_password2": GOOD}, follow=True)
    assert "account_login" in sent.resolver_match.view_name
    assert User.objects.get().check_password(GOOD)
    assert client.get(link, follow=True).status_code == 410
    with pytest.raises(SystemExit) as refused:
        begin()
    assert refused.value.code == 3


@pytest.mark.django_db
def test_a_link_that_was_not_used_is_made_again() -> None:
    first = begin()
    second = begin()
    assert first != second
    assert User.objects.count() == 1
    with pytest.raises(InvitationOver):
        services.invited(services.hash_token(first.rstrip("/").rsplit("/", 1)[1]))
    name = User.objects.get().username
    with pytest.raises(BadInput, match=name):
        services.begin_site(username="li", department="x")


@pytest.mark.django_db
def test_createsuperuser_says_what_to_do_instead() -> None:
    with pytest.raises(HeguiError, match="begin"):
        call_command("createsuperuser", username="x", interactive=False)


def test_a_link_works_once_within_two_days_and_ends_sessions(world: World, browse: Any) -> None:
    agent, page = world.people["agent"], browse("agent")
    assert page.get("/desk/").status_code == 200
    word = services.invite(actor=world.people["admin"], user=agent)
    with pytest.raises(BadInput):
        # the link is not lost for that
        services.accept_invitation(token_hash=services.hash_token(word), password="short")
    services.accept_invitation(token_hash=services.hash_token(word), password=GOOD)
    assert page.get("/desk/").status_code == 302, "who was signed in under the old password is not any more"
    with pytest.raises(InvitationOver):
        services.accept_invitation(token_hash=services.hash_token(word), password=GOOD)
    late = services.invite(actor=world.people["admin"], user=agent)
    with time_machine.travel(clock.now() + timedelta(days=2, minutes=1)), pytest.raises(InvitationOver):
        services.invited(services.hash_token(late))


def test_who_may_invite_whom(world: World) -> None:
    admin, agent = world.people["admin"], world.people["agent"]
    for actor, user in ((world.people["compliance"], agent), (admin, admin)):
        with pytest.raises(NotAllowed):
            services.invite(actor=actor, user=user)
    services.deactivate(actor=admin, user=agent)
    with pytest.raises(WrongState):
        services.invite(actor=admin, user=agent)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(user=admin, made_by=admin, token_hash=b"x", ends_at=clock.now())


def test_a_new_person_gets_a_link_on_the_page_and_by_mail(
    world: World, browse: Any, settings: Any, mailoutbox: Any
) -> None:
    settings.EMAIL_URL, settings.HEGUI_URL = "smtp+tls://mail.example:587", "https://hegui.example"
    page = browse("admin").post(
        reverse("person_add"),
        {
            "username": "zhou",
            "display_name": "周",
            "email": "zhou@example.com",
            "role": "agent",
            "department": world.people["agent"].department_id,
        },
    )
    link = re.search(r"https://hegui\.example(/invitation/[\w-]+/)", page.content.decode())
    assert link is not None
    assert page.headers["Cache-Control"] == "no-store"
    assert not User.objects.get(username="zhou").has_usable_password()
    strange = Client(headers={"host": "127.0.0.1"})
    assert services.invited(services.hash_token(link[1].split("/")[2])).username == "zhou"
    assert strange.get(reverse("invitation"), secure=True).status_code == 410, (
        "nobody comes in without a link"
    )


def test_departments_are_opened_renamed_and_closed(world: World, browse: Any) -> None:
    admin = browse("admin")
    admin.post(reverse("departments"), {"name": "西南中心"})
    made = Department.objects.get(name="西南中心")
    admin.post(reverse("department", kwargs={"pk": made.pk}), {"name": "西南一中心"})
    assert "西南一中心" in admin.get(reverse("departments")).content.decode()
    with pytest.raises(BadInput):
        services.open_department(actor=world.people["admin"], name="西南一中心")
    busy = world.people["agent"].department
    with pytest.raises(WrongState):
        services.close_department(actor=world.people["admin"], department=busy)
    admin.post(reverse("department_close", kwargs={"pk": made.pk}))
    made.refresh_from_db()
    assert made.closed_at is not None
    with pytest.raises(BadInput):
        services.change_details(
            actor=world.people["admin"],
            user=world.people["agent"],
            display_name="x",
            email="",
            department=made,
        )
    with pytest.raises(ProgrammingError), transaction.atomic():
        made.delete()


def test_a_link_is_in_the_trail_and_its_person_is_reported(world: World, browse: Any) -> None:
    """An admin who opens the link themselves acts as somebody else: that must show."""
    agent = world.people["agent"]
    browse("admin").post(reverse("person_change", kwargs={"pk": agent.pk, "step": "invite"}))
    (change,) = Change.objects.filter(content_type__model="invitation")
    assert change.actor == world.people["admin"]
    assert "token_hash" not in str(change.changes)
    assert Notice.objects.filter(recipient=agent, code="link_made").exists()
    services.accept_invitation(token_hash=bytes(Invitation.objects.get().token_hash), password=GOOD)
    assert Change.objects.filter(content_type__model="invitation").count() == 2


def test_a_link_ends_with_a_deactivation(world: World) -> None:
    admin, agent = world.people["admin"], world.people["agent"]
    word = services.invite(actor=admin, user=agent)
    services.deactivate(actor=admin, user=agent)
    services.reactivate(actor=admin, user=agent)
    with pytest.raises(InvitationOver):
        services.invited(services.hash_token(word))


def test_whoever_asks_without_a_link_leaves_nothing(db: None) -> None:
    assert SecureClient().get("/invitation/anything/").status_code == 410
    assert not Session.objects.exists()


def test_the_machine_s_owner_brings_an_administrator_back(world: World) -> None:
    admin = world.people["admin"]
    Authenticator.objects.create(user=admin, type="totp", data={})
    link = begin_again("admin")
    admin.refresh_from_db()
    assert not Authenticator.objects.exists()
    assert not admin.has_usable_password(), "whoever knows the old password is out too"
    assert admin.sessions_ended_at is not None
    assert services.invited(services.hash_token(link.rstrip("/").rsplit("/", 1)[1])) == admin
    with pytest.raises(SystemExit):
        begin_again("agent")


def begin_again(name: str) -> str:
    out = StringIO()
    call_command("begin", recover=name, stdout=out, stderr=StringIO())
    return out.getvalue().strip()
