"""Who decides for others is made by two people, and so is a key that receives numbers: else one administrator
would make the second person of every decision, or read every number, alone."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse

from apps.access.queries import second_person_requests
from apps.accounts import services
from apps.accounts.models import ApiClient, KeyRequest, RoleRequest, User
from apps.core.calendar import clock as our_clock
from apps.core.errors import FourEyes, NotAllowed, WrongState
from apps.notifications.models import Notice
from tests.world import World


def with_factor(person: User) -> User:
    Authenticator.objects.create(user=person, type="totp", data={})
    return person


def asked_of(world: World, role: str = "compliance") -> RoleRequest:
    services.change_role(actor=world.people["admin"], user=world.people["supervisor"], role=role)
    return RoleRequest.objects.get(user=world.people["supervisor"], decided_at=None)


@pytest.mark.parametrize("role", ["compliance", "admin"])
def test_one_administrator_makes_nobody_who_decides(world: World, role: str) -> None:
    admin, person = world.people["admin"], with_factor(world.people["supervisor"])
    asked = asked_of(world, role)
    person.refresh_from_db()
    assert person.role == "supervisor"
    for actor in (admin, person):
        with pytest.raises((FourEyes, NotAllowed)):
            services.decide_role_request(actor=actor, asked=asked, approve=True)
    with pytest.raises(WrongState):
        services.change_role(actor=admin, user=person, role=role)  # asked already
    services.decide_role_request(actor=world.people["compliance"], asked=asked, approve=True)
    person.refresh_from_db()
    assert person.role == role
    assert [group.name for group in person.groups.all()] == [role]


def test_a_new_person_is_an_agent_until_somebody_agrees(world: World, browse: Any) -> None:
    fields = {
        "username": "zhou", "display_name": "周复核", "role": "compliance", "email": "",
        "department": world.people["admin"].department_id, "staff_number": "",
    }  # fmt: skip
    text = browse("admin").post(reverse("person_add"), fields).content.decode()
    person = User.objects.get(username="zhou")
    assert (person.role, "须由另一位管理员或合规专员同意" in text) == ("agent", True)
    assert set(Notice.objects.filter(code="role_asked").values_list("recipient__role", flat=True)) <= {
        "admin",
        "compliance",
    }
    asked = RoleRequest.objects.get()
    where = reverse("second_person_decide", kwargs={"kind": "role", "pk": asked.pk})
    officer = browse("compliance")
    assert "周复核" in officer.get(reverse("second_person")).content.decode()
    officer.post(where, {"approve": "1"})
    person.refresh_from_db()
    assert person.role == "agent", "the account is nobody's yet: it has no second factor"
    with_factor(person)
    officer.post(where, {"approve": "1"})
    person.refresh_from_db()
    assert person.role == "compliance"
    assert Notice.objects.filter(code="role_given", recipient=person).exists()


def test_whom_the_asker_has_just_brought_in_is_no_second_person(
    world: World, clock: time_machine.Traveller
) -> None:
    admin, second = world.people["admin"], world.people["compliance2"]
    with_factor(world.people["supervisor"])
    services.invite(actor=admin, user=second)
    asked = asked_of(world)
    with pytest.raises(FourEyes):
        services.decide_role_request(actor=second, asked=asked, approve=True)
    for name, person in world.people.items():
        if person.role in ("admin", "compliance") and name not in ("admin", "compliance2"):
            services.deactivate(actor=admin, user=person)
    services.decide_role_request(actor=second, asked=asked, approve=True)  # nobody else is there


def test_the_first_administrator_makes_one_second_person_alone(world: World) -> None:
    admin = world.people["admin"]
    User.objects.exclude(pk=admin.pk).filter(role__in=["admin", "compliance"]).update(role="agent")
    first, next_one = world.people["compliance"], world.people["compliance2"]
    services.change_role(actor=admin, user=first, role="compliance")
    first.refresh_from_db()
    assert first.role == "compliance"
    services.change_role(actor=admin, user=first, role="agent")
    services.change_role(actor=admin, user=next_one, role="compliance")
    next_one.refresh_from_db()
    assert next_one.role == "agent", "not once more by taking the first one's role away"
    with_factor(next_one)
    call_command("begin", agree=next_one.username)
    next_one.refresh_from_db()
    assert next_one.role == "compliance"


def test_who_has_the_machine_agrees_only_where_nobody_else_can(world: World) -> None:
    with_factor(world.people["supervisor"])
    asked_of(world)
    with pytest.raises(WrongState):
        services.agree_as_host(username=world.people["supervisor"].username)


def test_who_comes_back_decides_for_others_only_once_somebody_agreed(world: World) -> None:
    admin, officer = world.people["admin"], world.people["compliance2"]
    services.deactivate(actor=admin, user=officer)
    services.reactivate(actor=admin, user=officer)
    officer.refresh_from_db()
    assert (officer.is_active, officer.role) == (True, "agent")
    assert RoleRequest.objects.get(user=officer, decided_at=None).role == "compliance"


def test_another_role_ends_what_was_asked(world: World) -> None:
    asked = asked_of(world)
    services.change_role(actor=world.people["admin"], user=world.people["supervisor"], role="agent")
    with pytest.raises(WrongState):
        services.decide_role_request(actor=world.people["compliance"], asked=asked, approve=True)


def test_what_nobody_decides_in_two_days_is_over(world: World, clock: time_machine.Traveller) -> None:
    asked = asked_of(world)
    clock.shift(timedelta(days=2))
    with pytest.raises(WrongState):
        services.decide_role_request(actor=world.people["compliance"], asked=asked, approve=True)
    assert [rows.count() for rows in second_person_requests()] == [0, 0, 0]
    asked_of(world)


def test_the_database_knows_two_people(world: World) -> None:
    asked = asked_of(world)
    for change in ({"approved": True}, {"decided_by": asked.asked_by}, {"decided_by": asked.user}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleRequest.objects.filter(pk=asked.pk).update(**change)
    with pytest.raises(ProgrammingError), transaction.atomic():
        asked.delete()


def made_on_the_page(world: World, *scopes: str) -> tuple[ApiClient, str]:
    return services.issue_client(
        actor=world.people["admin"], name="crm", owner=world.people["admin"], scopes=list(scopes),
        ends_at=our_clock.now() + timedelta(days=30),
    )  # fmt: skip


def known(key: str) -> bool:
    return services.client_of_key(key, at=our_clock.now()) is not None


@pytest.mark.parametrize("scope", ["dial", "numbers", "telephony"])
def test_a_key_that_receives_numbers_waits_for_somebody_else(world: World, scope: str) -> None:
    client, key = made_on_the_page(world, "events", scope)
    asked = KeyRequest.objects.get()
    assert not known(key)
    with pytest.raises(FourEyes):
        services.decide_key_request(actor=world.people["admin"], asked=asked, approve=True)
    services.decide_key_request(actor=world.people["compliance"], asked=asked, approve=True)
    assert known(key)
    _client, new = services.rotate_client(actor=world.people["admin"], client=client)
    assert (known(key), known(new)) == (True, False), "an exchange stops nothing and opens nothing"
    services.decide_key_request(
        actor=world.people["compliance"], asked=KeyRequest.objects.get(decided_at=None), approve=True
    )
    assert (known(key), known(new)) == (True, True)


def test_a_key_without_numbers_is_in_force_at_once(world: World) -> None:
    client, key = made_on_the_page(world, "events", "optouts")
    assert known(key)
    assert known(services.rotate_client(actor=world.people["admin"], client=client)[1])


def test_a_key_on_the_pages(world: World, browse: Any) -> None:
    fields = {
        "name": "crm", "owner": world.people["admin"].pk, "scopes": ["dial"], "requests_per_second": 10,
        "campaigns": [world.campaign.pk], "ends_at": "2027-01-31", "addresses": "",
    }  # fmt: skip
    answer = browse("admin").post(reverse("client_add"), fields)
    assert "hg_" in answer.content.decode()
    asked = KeyRequest.objects.get()
    assert set(Notice.objects.filter(code="key_asked").values_list("recipient__role", flat=True)) == {
        "compliance"
    }
    officer = browse("compliance")
    assert "crm" in officer.get(reverse("second_person")).content.decode()
    officer.post(reverse("second_person_decide", kwargs={"kind": "key", "pk": asked.pk}), {"refuse": "1"})
    asked.refresh_from_db()
    assert (asked.approved, asked.decided_by) == (False, world.people["compliance"])
    assert Notice.objects.filter(code="not_agreed").exists()
