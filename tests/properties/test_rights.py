"""Random histories of grants, ends and role changes never give more than the table allows."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.access import field_rights, services
from apps.access.models import ProtectedField, TemporaryGrant
from apps.access.rights import Rights
from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core.calendar import clock as our_clock
from apps.core.errors import HeguiError
from tests.conftest import MOMENT
from tests.world import World

PEOPLE = ("agent", "supervisor", "compliance", "admin", "agent2", "compliance2")
STEPS = st.one_of(
    st.tuples(
        st.just("ask"),
        st.sampled_from(PEOPLE),
        st.sampled_from(PEOPLE),
        st.sampled_from(field_rights.FIELDS),
        st.sampled_from(field_rights.FIELD_CODES),
        st.integers(1, 40 * 24),
    ),
    st.tuples(st.just("decide"), st.sampled_from(PEOPLE), st.integers(0, 5), st.booleans()),
    st.tuples(st.just("end"), st.sampled_from(PEOPLE), st.integers(0, 5)),
    st.tuples(
        st.just("role"),
        st.sampled_from(PEOPLE),
        st.sampled_from(PEOPLE),
        st.sampled_from(["agent", "supervisor", "compliance", "admin"]),
    ),
    st.tuples(st.just("leave"), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
    st.tuples(st.just("wait"), st.integers(1, 20 * 24)),
    st.tuples(st.just("sweep")),
)


class Model:
    """The table and the grants as the requirements say, in plain Python."""

    def __init__(self) -> None:
        self.grants: dict[int, dict[str, Any]] = {}

    def may(self, user: User, field: str, right: str, now: Any) -> bool:
        if not user.is_active:
            return False
        if user.role == "admin" or (user.role == "agent" and right == "export_value"):
            return False
        if right in field_rights.FIELD_RIGHTS[user.role].get(field, ()):
            return True
        return any(
            grant["to"] == user.pk
            and grant["field"] == field
            and grant["right"] == right
            and grant["approved"]
            and not grant["ended"]
            and now < grant["ends"]
            for grant in self.grants.values()
        )


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=4, max_size=25))
def test_never_more_than_the_table(db: None, steps: list[Any]) -> None:
    from django.db import transaction

    with time_machine.travel(MOMENT, tick=False) as clock, transaction.atomic():
        world, model = World(), Model()
        ids: list[int] = []
        for step in steps:
            # A refusal is as good an outcome as a success: what counts is who may what afterwards.
            with contextlib.suppress(HeguiError):
                play(world, model, ids, clock, step)
            compare(model)
        transaction.set_rollback(True)


def person(world: World, name: str) -> User:
    return User.objects.get(pk=world.people[name].pk)


def play(world: World, model: Model, ids: list[int], clock: Any, step: Any) -> None:
    kind, *rest = step
    if kind == "wait":
        clock.shift(timedelta(hours=rest[0]))
    elif kind == "sweep":
        services.end_lapsed_grants()
    elif kind == "ask":
        by, to, field, right, hours = rest
        ends = our_clock.now() + timedelta(hours=hours)
        grant = services.ask_grant(
            actor=person(world, by),
            beneficiary=person(world, to),
            field=ProtectedField.objects.get(name=field),
            right=right,
            reason="复核投诉",
            ends_at=ends,
        )
        assert hours <= 30 * 24
        ids.append(grant.pk)
        model.grants[grant.pk] = {
            "to": grant.beneficiary_id,
            "by": grant.requested_by_id,
            "field": field,
            "right": right,
            "ends": ends,
            "approved": False,
            "ended": False,
        }
    elif kind in {"decide", "end"} and ids:
        actor, grant = person(world, rest[0]), TemporaryGrant.objects.get(pk=ids[rest[1] % len(ids)])
        known = model.grants[grant.pk]
        if kind == "end":
            services.end_grant(actor=actor, grant=grant)
            known["ended"] = True
        else:
            services.decide_grant(actor=actor, grant=grant, approve=rest[2])
            assert actor.role in {"admin", "compliance"}
            assert actor.pk not in {known["to"], known["by"]}
            known["approved"] = rest[2]
    elif kind == "role":
        accounts.change_role(actor=person(world, rest[0]), user=person(world, rest[1]), role=rest[2])
    elif kind == "leave":
        accounts.deactivate(actor=person(world, rest[0]), user=person(world, rest[1]))


def compare(model: Model) -> None:
    now = our_clock.now()
    assert User.objects.filter(role="admin", is_active=True).exists(), "an administrator is left"
    for user in User.objects.filter(username__in=PEOPLE):
        rights = Rights(user, now)
        for field in field_rights.FIELDS:
            for right in field_rights.FIELD_CODES:
                assert rights.may(field, right) == model.may(user, field, right, now), (
                    user.username,
                    user.role,
                    field,
                    right,
                )
