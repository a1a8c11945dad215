"""The one way to a clear text: the right, a purpose, and a record; or nothing."""

import pytest
from django.db import DatabaseError

from apps.access import roles, services
from apps.access.models import ProtectedFieldGroupPermission, ProtectedFieldUserPermission
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.core.errors import BadInput, NotAllowed
from tests.world import World


@pytest.mark.parametrize("role", ["supervisor", "compliance"])
def test_with_the_right_and_a_purpose_the_value_is_told_and_recorded(world: World, role: str) -> None:
    text = services.disclose(actor=world.people[role], obj=world.contact, field="phone", purpose="complaint 17")
    assert text == "+8613800001234"
    event = AccessEvent.objects.get()
    assert (event.kind, event.actor, event.field, event.purpose) == ("disclosed", world.people[role], roles.PHONE, "complaint 17")
    assert "138" not in event.subject


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_without_the_right_nothing_is_told(world: World, role: str) -> None:
    with pytest.raises(NotAllowed):
        services.disclose(actor=world.people[role], obj=world.contact, field="phone", purpose="x")
    assert not AccessEvent.objects.exists()


def test_without_a_purpose_nothing_is_told(world: World) -> None:
    with pytest.raises(BadInput):
        services.disclose(actor=world.people["compliance"], obj=world.contact, field="phone", purpose="  ")


def test_without_a_record_nothing_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(**event: object) -> None:
        raise DatabaseError("the trail is full")

    monkeypatch.setattr(services, "record_access", refuses)
    with pytest.raises(DatabaseError):
        services.disclose(actor=world.people["compliance"], obj=world.contact, field="phone", purpose="x")


def test_a_deactivated_person_has_no_right(world: World) -> None:
    person = world.people["compliance"]
    person.is_active = False
    assert not services.has_field_right(person, roles.PHONE, "view_clear")


def test_stored_rights_equal_the_table(world: World) -> None:
    stored = {
        (row.group.name, row.content_object.name, row.permission.codename)
        for row in ProtectedFieldGroupPermission.objects.select_related("group", "content_object", "permission")
    }
    wanted = {(role, field, right) for role, fields in roles.FIELD_RIGHTS.items() for field, rights in fields.items() for right in rights}
    assert stored == wanted
    assert not ProtectedFieldUserPermission.objects.exists()


def test_applying_the_table_mends_what_was_changed_by_hand(world: World) -> None:
    extra = ProtectedFieldGroupPermission.objects.filter(group__name="supervisor", permission__codename="view_clear").first()
    assert extra is not None
    group = services.Group.objects.get(name="admin")
    ProtectedFieldGroupPermission.objects.create(group=group, permission=extra.permission, content_object=extra.content_object)
    extra.delete()
    services.apply_roles()
    test_stored_rights_equal_the_table(world)


def test_the_table_is_that_of_the_design() -> None:
    """Design, section 6: admins see no personal data, agents only masks."""
    assert roles.FIELD_RIGHTS[Role.ADMIN] == {}
    assert all("view_clear" not in rights for rights in roles.FIELD_RIGHTS[Role.AGENT].values())
    assert all("export_value" not in rights for rights in roles.FIELD_RIGHTS[Role.AGENT].values())
