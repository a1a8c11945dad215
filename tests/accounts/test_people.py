"""People: one role, no superusers, no sign-up; suspended at once."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts import services
from apps.accounts.models import NoSuperusers, User
from apps.core.errors import BadInput, NotAllowed
from tests.http import SecureClient
from tests.world import PASSWORD, World


def make(world: World, **fields: str) -> User:
    return services.create_user(
        **{
            "username": "new",
            "display_name": "新人",
            "role": "agent",
            "department": world.department,
            "password": PASSWORD,
            **fields,
        }
    )


def test_a_person_has_one_role_and_its_group(world: World) -> None:
    person = make(world)
    assert [group.name for group in person.groups.all()] == ["agent"]


@pytest.mark.parametrize("password", ["short", "password123456"])
def test_weak_passwords_are_refused(world: World, password: str) -> None:
    with pytest.raises(ValidationError):
        make(world, password=password)


def test_there_are_no_superusers(world: World) -> None:
    with pytest.raises(NoSuperusers):
        User.objects.create_superuser("root", "", "x")
    for change in ({"is_superuser": True}, {"is_staff": True}, {"role": "god"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(username="agent").update(**change)


def test_sign_in_and_out(world: World) -> None:
    make(world, username="alice")
    client = SecureClient()
    answer = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.get("/desk/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/desk/").status_code == 302


def test_a_wrong_password_says_nothing_about_the_name(world: World) -> None:
    make(world, username="alice")
    page = [
        SecureClient()
        .post("/accounts/login/", {"login": name, "password": "wrong-Password-123"})
        .content.decode()
        .replace(name, "…")
        for name in ("alice", "nobody")
    ]
    assert "alert" in page[0] or "invalid" in page[0]
    import re

    plain = [re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', "", text) for text in page]
    assert plain[0] == plain[1]


def test_many_wrong_passwords_lock_the_account_for_a_while(world: World) -> None:
    make(world, username="alice")
    client = SecureClient()
    for _attempt in range(6):
        client.post("/accounts/login/", {"login": "alice", "password": "wrong-Password-123"})
    assert client.post("/accounts/login/", {"login": "alice", "password": PASSWORD}).status_code != 302


def test_nobody_signs_up(world: World) -> None:
    SecureClient().post("/accounts/signup/", {"username": "mallory", "password1": PASSWORD})
    assert not User.objects.filter(username="mallory").exists()


def test_the_demos_sign_in_is_closed_outside_a_demo(world: World) -> None:
    assert SecureClient().post("/demo/sign-in/", {"role": "agent"}).status_code == 404


def test_suspension_wants_a_reason_and_another_person(world: World) -> None:
    agent, supervisor = world.people["agent"], world.people["supervisor"]
    with pytest.raises(BadInput):
        services.suspend(actor=supervisor, agent=agent, reason=" ")
    for actor in ("agent2", "admin"):
        with pytest.raises(NotAllowed):
            services.suspend(actor=world.people[actor], agent=agent, reason="x")
    services.suspend(actor=supervisor, agent=agent, reason="诱导")
    assert User.objects.get(pk=agent.pk).suspended_for == "诱导"
