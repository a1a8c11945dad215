"""The one way to a clear text: the right, a purpose, a reason, a quota and a record; or nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError

from apps.access import field_rights, services
from apps.access.models import ProtectedFieldGroupPermission, ProtectedFieldUserPermission
from apps.access.services import disclosing
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent, Alarm
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound
from apps.notifications.models import Notice
from tests.world import World

WHY = {"purpose": "complaint", "reason": "投诉编号17"}


def reveal(world: World, who: str, field: str = "phone", **more: Any) -> str:
    return services.disclose(actor=world.people[who], obj=world.contact, field=field, **{**WHY, **more})


@pytest.mark.parametrize("role", ["supervisor", "compliance"])
def test_with_the_right_and_a_purpose_the_value_is_reported_and_recorded(world: World, role: str) -> None:
    assert reveal(world, role, address="10.0.0.1") == "+8613800001234"
    event = AccessEvent.objects.get()
    assert (event.kind, event.actor, event.field) == ("disclosed", world.people[role], field_rights.PHONE)
    assert (event.subject, event.purpose, event.address) == (
        world.contact.public_id,
        "complaint: 投诉编号17",
        "10.0.0.1",
    )


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_without_the_right_nothing_is_reported(world: World, role: str) -> None:
    with pytest.raises(NotAllowed):
        reveal(world, role)
    assert not AccessEvent.objects.exists()


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"purpose": "curiosity"}, BadInput),
        ({"purpose": ""}, BadInput),
        ({"reason": " x "}, BadInput),
        ({"reason": "证件110101188002045240"}, PersonalDataFound),
    ],
)
def test_without_purpose_and_reason_nothing_is_reported(
    world: World, bad: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        reveal(world, "compliance", **bad)
    assert not AccessEvent.objects.exists()


def test_without_a_record_nothing_is_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(**event: object) -> None:
        raise DatabaseError("the trail is full")

    monkeypatch.setattr(disclosing, "record_access", refuses)
    with pytest.raises(DatabaseError):
        reveal(world, "compliance")


def test_an_empty_value_is_not_revealed(world: World) -> None:
    with pytest.raises(BadInput):
        reveal(world, "compliance", field="note")


def test_the_quota_of_an_hour(world: World, clock: Any) -> None:
    for _time in range(disclosing.PER_HOUR):
        clock.shift(10)
        reveal(world, "compliance")
    with pytest.raises(services.QuotaReached):
        reveal(world, "compliance")
    reveal(world, "supervisor")
    clock.shift(timedelta(hours=1))
    reveal(world, "compliance")


def notified(code: str) -> set[str]:
    return set(Notice.objects.filter(code=code).values_list("recipient__username", flat=True))


def alarm(code: str) -> Alarm:
    assert notified("alarm_raised")
    return Alarm.objects.get(code=code)


def test_many_reveals_raise_an_alarm_and_supervisors_are_notified(world: World) -> None:
    for _time in range(10):
        reveal(world, "compliance")
    assert notified("reveals_many") == {"supervisor", "supervisor2"}
    assert (alarm("reveals_many").person, notified("alarm_raised")) == (
        world.people["compliance"],
        {"compliance2"},
    )


def test_a_reveal_at_night_is_reported(world: World, clock: Any) -> None:
    reveal(world, "supervisor")
    assert not notified("reveal_at_night")
    clock.move_to(world.at("22:00"))
    reveal(world, "supervisor")
    assert notified("reveal_at_night") == {"supervisor2"}
    assert (alarm("reveal_at_night").person, notified("alarm_raised")) == (
        world.people["supervisor"],
        {"compliance", "compliance2"},
    )
    assert "22" in Notice.objects.filter(code="reveal_at_night")[0].sentence


def test_a_reveal_outside_ones_campaigns_is_reported(world: World) -> None:
    reveal(world, "supervisor", foreign=True)
    assert notified("reveal_foreign") == {"supervisor2"}
    assert alarm("reveal_foreign").person == world.people["supervisor"]


def test_a_deactivated_person_has_no_right(world: World) -> None:
    person = world.people["compliance"]
    person.is_active = False
    assert not services.has_field_right(person, field_rights.PHONE, "view_clear")


def test_stored_rights_equal_the_table(world: World) -> None:
    stored = {
        (row.group.name, row.content_object.name, row.permission.codename)
        for row in ProtectedFieldGroupPermission.objects.select_related(
            "group", "content_object", "permission"
        )
    }
    wanted = {
        (role, field, right)
        for role, fields in field_rights.FIELD_RIGHTS.items()
        for field, rights in fields.items()
        for right in rights
    }
    assert stored == wanted
    assert not ProtectedFieldUserPermission.objects.exists()


def test_applying_the_table_resolves_what_was_changed_by_hand(world: World) -> None:
    extra = ProtectedFieldGroupPermission.objects.filter(
        group__name="supervisor", permission__codename="view_clear"
    ).first()
    assert extra is not None
    group = Group.objects.get(name="admin")
    ProtectedFieldGroupPermission.objects.create(
        group=group, permission=extra.permission, content_object=extra.content_object
    )
    extra.delete()
    services.apply_roles()
    test_stored_rights_equal_the_table(world)


def test_the_table_is_that_of_the_design() -> None:
    """Design, section 6: admins see no personal data, agents only masks."""
    assert field_rights.FIELD_RIGHTS[Role.ADMIN] == {}
    assert all("view_clear" not in rights for rights in field_rights.FIELD_RIGHTS[Role.AGENT].values())
    assert all("export_value" not in rights for rights in field_rights.FIELD_RIGHTS[Role.AGENT].values())
