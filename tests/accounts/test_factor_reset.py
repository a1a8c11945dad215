"""A lost second factor goes when one administrator asks and somebody else agrees; nobody decides about
themselves."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import FactorReset
from apps.audit.models import Change
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.notifications.models import Notice
from tests.world import World


@pytest.fixture
def lost(world: World) -> World:
    for name in ("compliance", "supervisor"):
        Authenticator.objects.create(user=world.people[name], type="totp", data={})
    return world


def test_two_people_take_it_away_on_the_pages(lost: World, browse: Any) -> None:
    officer, admin, second = lost.people["compliance"], browse("admin"), browse("compliance2")
    session = browse("compliance")
    where = reverse("person", kwargs={"pk": officer.pk})
    assert (
        "factor_reset"
        not in admin.get(reverse("person", kwargs={"pk": lost.people["agent"].pk})).content.decode()
    )
    admin.post(reverse("factor_reset_ask", kwargs={"pk": officer.pk}), {"reason": "手机丢失，已当面核实"})
    reset = FactorReset.objects.get()
    assert 'name="approve"' not in admin.get(where).content.decode(), "who asked does not decide"
    assert "手机丢失" in second.get(where).content.decode()
    assert set(
        Notice.objects.filter(code="factor_reset_asked").values_list("recipient__username", flat=True)
    ) == {"compliance2"}
    second.post(reverse("second_person_decide", kwargs={"kind": "factor", "pk": reset.pk}), {"approve": "1"})
    assert not Authenticator.objects.filter(user=officer).exists()
    assert Authenticator.objects.filter(user=lost.people["supervisor"]).exists()
    assert session.get("/decisions/").status_code == 302, "their sessions have ended"
    assert Notice.objects.filter(recipient=officer, code="factor_removed").exists()
    assert Change.objects.filter(content_type__model="factorreset").count() == 2, (
        "asked and decided stand in the trail"
    )


def test_who_may_ask_and_decide(lost: World) -> None:
    admin, officer = lost.people["admin"], lost.people["compliance"]
    for actor, user in ((officer, lost.people["agent"]), (admin, admin)):
        with pytest.raises(NotAllowed):
            services.ask_factor_reset(actor=actor, user=user, reason="x")
    for user, reason in ((lost.people["agent"], "x"), (officer, " ")):
        with pytest.raises(BadInput):
            services.ask_factor_reset(actor=admin, user=user, reason=reason)
    reset = services.ask_factor_reset(actor=admin, user=officer, reason="丢失")
    with pytest.raises(WrongState):
        services.ask_factor_reset(actor=admin, user=officer, reason="丢失")
    for name, error in (("admin", FourEyes), ("compliance", FourEyes), ("supervisor", NotAllowed)):
        with pytest.raises(error):
            services.decide_factor_reset(actor=lost.people[name], reset=reset, approve=True)
    services.decide_factor_reset(actor=lost.people["compliance2"], reset=reset, approve=False)
    assert Authenticator.objects.filter(user=officer).exists(), "a refusal takes nothing away"
    with pytest.raises(WrongState):
        services.decide_factor_reset(actor=lost.people["compliance2"], reset=reset, approve=True)


def test_the_database_wants_two_people_too(lost: World) -> None:
    reset = services.ask_factor_reset(
        actor=lost.people["admin"], user=lost.people["compliance"], reason="丢失"
    )
    for change in (
        {"decided_by": lost.people["admin"]},
        {"decided_by": lost.people["compliance"]},
        {"approved": True},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            FactorReset.objects.filter(pk=reset.pk).update(**change)


def test_who_was_just_brought_in_by_the_asker_is_no_second_person(lost: World, clock: Any) -> None:
    admin, second = lost.people["admin"], lost.people["compliance2"]
    services.invite(actor=admin, user=second)
    reset = services.ask_factor_reset(actor=admin, user=lost.people["compliance"], reason="丢失")
    with pytest.raises(FourEyes):
        services.decide_factor_reset(actor=second, reset=reset, approve=True)


def test_what_was_asked_lapses_may_be_taken_back_and_spares_a_newer_factor(lost: World, clock: Any) -> None:
    admin, officer, second = lost.people["admin"], lost.people["compliance"], lost.people["compliance2"]
    old = services.ask_factor_reset(actor=admin, user=officer, reason="丢失")
    clock.shift(timedelta(days=2, minutes=1))
    with pytest.raises(WrongState):
        services.decide_factor_reset(actor=second, reset=old, approve=True)
    services.decide_factor_reset(
        actor=admin, reset=services.ask_factor_reset(actor=admin, user=officer, reason="丢失"), approve=False
    )
    again = services.ask_factor_reset(actor=admin, user=officer, reason="丢失")
    clock.shift(timedelta(minutes=1))
    newer = Authenticator.objects.create(user=officer, type="webauthn", data={})
    services.decide_factor_reset(actor=second, reset=again, approve=True)
    assert list(Authenticator.objects.filter(user=officer)) == [newer]
