"""The permission audit: every kind of drift is found, distinguished from the last time, and resolved by one
click."""

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.utils import timezone
from guardian.shortcuts import assign_perm

from apps.access import field_rights, reports, services
from apps.access.models import (
    Finding,
    PermissionAudit,
    ProtectedField,
    ProtectedFieldGroupPermission,
    ProtectedFieldUserPermission,
    TemporaryGrant,
)
from apps.accounts import services as accounts
from apps.accounts.models import ApiClient, User
from apps.audit.models import AccessEvent
from apps.core.errors import NotAllowed, WrongState
from tests.world import World


@pytest.fixture
def world(world: World) -> World:
    """Everybody has a second factor and signed in today, so that an audit finds nothing by itself."""
    for person in world.people.values():
        Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    User.objects.update(last_login=timezone.now())
    return world


def field() -> ProtectedField:
    return ProtectedField.objects.get(name=field_rights.PHONE)


def right(code: str) -> Permission:
    return Permission.objects.get(codename=code)


def found(kind: str = "") -> list[Finding]:
    audit = services.audit_permissions()
    return list(audit.findings.filter(kind=kind) if kind else audit.findings.all())


def test_a_clean_house_has_no_finding(world: World) -> None:
    assert found() == []


def role_group_edited_by_hand(world: World) -> None:
    group = Group.objects.get(name="agent")
    ProtectedFieldGroupPermission.objects.create(
        group=group, content_object=field(), permission=right("view_clear")
    )


def right_of_the_role_lost(world: World) -> None:
    ProtectedFieldGroupPermission.objects.filter(
        group__name="supervisor", permission__codename="view_clear"
    ).first().delete()  # type: ignore[union-attr]


def right_given_directly(world: World) -> None:
    ProtectedFieldUserPermission.objects.create(
        user=world.people["agent"], content_object=field(), permission=right("view_clear")
    )


def second_role_group(world: World) -> None:
    world.people["agent"].groups.add(Group.objects.get(name="compliance"))


def agent_who_supervises(world: World) -> None:
    assign_perm("supervise", world.people["agent2"], world.campaign)


def rights_of_one_who_left(world: World) -> None:
    User.objects.filter(username="agent").update(is_active=False)


def grant_past_its_end(world: World) -> None:
    TemporaryGrant.objects.create(
        beneficiary=world.people["agent"], field=field(), right="view_clear", reason="x",
        requested_by=world.people["agent"],
        approved_by=world.people["admin"], state="approved", created_at=timezone.now() - timedelta(days=3),
        decided_at=timezone.now() - timedelta(days=3), ends_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip


def not_signed_in_for_long(world: World) -> None:
    User.objects.filter(username="agent2").update(last_login=timezone.now() - timedelta(days=91))


def never_signed_in(world: World) -> None:
    User.objects.filter(username="agent").update(
        last_login=None, date_joined=timezone.now() - timedelta(days=31)
    )


def second_factor_taken_away(world: World) -> None:
    Authenticator.objects.filter(user=world.people["compliance"]).delete()


def sign_in_from_three_places(world: World) -> None:
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
        AccessEvent.objects.create(
            kind="signed_in",
            subject="x",
            purpose="x",
            actor=world.people["agent"],
            address=address,
            created_at=timezone.now(),
        )


def client_not_used(world: World) -> None:
    ApiClient.objects.update(created_at=timezone.now() - timedelta(days=31))


def client_past_its_end(world: World) -> None:
    ApiClient.objects.update(ends_at=timezone.now())


DRIFT = [
    (role_group_edited_by_hand, "excess"),
    (right_of_the_role_lost, "missing"),
    (right_given_directly, "direct"),
    (second_role_group, "conflict"),
    (agent_who_supervises, "excess"),
    (rights_of_one_who_left, "orphaned"),
    (grant_past_its_end, "expired"),
    (not_signed_in_for_long, "dormant"),
    (never_signed_in, "never_used"),
    (second_factor_taken_away, "no_mfa"),
    (sign_in_from_three_places, "shared"),
    (client_not_used, "client_unused"),
    (client_past_its_end, "expired"),
]


@pytest.mark.parametrize(("drift", "kind"), DRIFT)
def test_drift_is_found_reported_and_resolved(world: World, drift: Any, kind: str) -> None:
    drift(world)
    (finding,) = found()
    assert finding.kind == kind
    assert finding.is_new
    assert finding.owner == world.people["admin"]
    assert finding.due_on > timezone.now().date()
    services.resolve(actor=world.people["admin"], finding=finding)
    finding.refresh_from_db()
    assert (finding.state, finding.resolved_by) == ("resolved", world.people["admin"])
    if kind in {"no_mfa", "shared"}:  # the person has to act; their sessions are over
        assert User.objects.filter(sessions_ended_at__isnull=False).count() == 1
    else:
        assert found() == []
    with pytest.raises(WrongState):
        services.resolve(actor=world.people["admin"], finding=finding)


def test_the_next_audit_says_what_is_new_what_still_and_what_is_gone(world: World) -> None:
    right_given_directly(world)
    found()
    client_not_used(world)
    second = services.audit_permissions()
    assert dict(second.findings.values_list("kind", "is_new")) == {"direct": False, "client_unused": True}
    ProtectedFieldUserPermission.objects.all().delete()
    third = services.audit_permissions()
    assert third.gone == 1


def test_only_an_admin_runs_and_resolves_and_not_about_themselves(world: World) -> None:
    with pytest.raises(NotAllowed):
        services.audit_permissions(actor=world.people["compliance"])
    Authenticator.objects.filter(user=world.people["admin"]).delete()
    (finding,) = found()
    assert finding.owner is None, "the only admin does not clear a finding about themselves"
    for who in ("admin", "compliance"):
        with pytest.raises(NotAllowed):
            services.resolve(actor=world.people[who], finding=finding)


def test_several_are_resolved_at_once_but_none_about_oneself(world: World, browse: Any) -> None:
    right_given_directly(world)
    client_not_used(world)
    Authenticator.objects.filter(user=world.people["admin"]).delete()
    audit = services.audit_permissions()
    pages = browse("admin")
    html = pages.get(f"/permission-audits/{audit.pk}/").content.decode()
    picks = re.findall(r'name="pick" value="(\d+)" form="bulk"', html)
    about_me = audit.findings.get(kind="no_mfa")
    assert {int(each) for each in picks} == set(
        audit.findings.exclude(pk=about_me.pk).values_list("pk", flat=True)
    )
    pages.post(f"/permission-audits/{audit.pk}/resolve/", {"pick": [*picks, about_me.pk]})
    assert dict(audit.findings.values_list("kind", "state")) == {
        "direct": "resolved",
        "client_unused": "resolved",
        "no_mfa": "open",
    }
    assert 'name="pick"' not in browse("compliance").get(f"/permission-audits/{audit.pk}/").content.decode()


def test_the_command_tells_all_as_json_and_ends_with_1_when_something_is_found(world: World) -> None:
    right_given_directly(world)
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("audit_permissions", json=True, stdout=out)
    assert ended.value.code == 1
    (result,) = json.loads(out.getvalue())["findings"]
    assert (result["kind"], result["subject"], result["severity"]) == ("direct", "agent", "high")
    ProtectedFieldUserPermission.objects.all().delete()
    call_command("audit_permissions", json=True, stdout=io.StringIO())


def test_reports(world: World) -> None:
    person = world.people["agent"]
    person.display_name = "=HYPERLINK(1)"
    person.save()
    right_given_directly(world)
    audit = services.audit_permissions()
    rows = list(csv.reader(io.StringIO(reports.as_csv(audit).decode("utf-8-sig"))))
    assert len(rows) == 2
    assert "'=HYPERLINK(1)" in rows[1], "a spreadsheet must not run a name"
    assert reports.as_pdf(audit).startswith(b"%PDF-")
    assert PermissionAudit.objects.count() == 1


def test_the_last_admin_stays(world: World) -> None:
    second = world.person("admin2", role="admin")
    accounts.change_role(actor=second, user=world.people["admin"], role="agent")
    for remove in (
        lambda: accounts.change_role(actor=second, user=second, role="agent"),
        lambda: accounts.deactivate(actor=second, user=second),
    ):
        with pytest.raises(NotAllowed):
            remove()
    User.objects.filter(pk=world.people["admin"].pk).update(role="admin", is_active=True)
    first = User.objects.get(username="admin")
    accounts.deactivate(actor=first, user=second)
    third = User(role="admin", is_active=True, pk=0)
    with pytest.raises(accounts.LastAdmin):
        accounts.deactivate(actor=third, user=first)
