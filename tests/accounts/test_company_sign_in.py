"""Company sign-in: only people who are here already come in, under the same user name."""

from types import SimpleNamespace
from typing import Any

import pytest
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import RequestFactory

from apps.accounts.adapter import CompanySignIn
from tests.world import World


class Login:
    """What allauth hands to the adapter after the provider has answered."""

    def __init__(self, claims: dict[str, Any], *, is_existing: bool = False) -> None:
        self.account = SimpleNamespace(extra_data=claims)
        self.is_existing = is_existing
        self.connected: Any = None

    def connect(self, request: Any, user: Any) -> None:
        self.connected = user


def arrive(login: Login) -> Login:
    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    CompanySignIn().pre_social_login(request, login)
    return login


@pytest.mark.parametrize("claims", [{"preferred_username": "agent"}, {"userinfo": {"preferred_username": "agent"}}])
def test_a_person_who_works_here_is_connected(world: World, claims: dict[str, Any]) -> None:
    assert arrive(Login(claims)).connected == world.people["agent"]


@pytest.mark.parametrize("claims", [{"preferred_username": "mallory"}, {"preferred_username": ""}, {}, {"email": "agent@example"}])
def test_a_stranger_is_turned_away_with_a_sentence(world: World, claims: dict[str, Any]) -> None:
    login = Login(claims)
    with pytest.raises(ImmediateHttpResponse):
        arrive(login)
    assert login.connected is None


def test_somebody_who_left_is_turned_away(world: World) -> None:
    agent = world.people["agent"]
    agent.is_active = False
    agent.save()
    with pytest.raises(ImmediateHttpResponse):
        arrive(Login({"preferred_username": "agent"}))


def test_a_known_account_passes(world: World) -> None:
    assert arrive(Login({}, is_existing=True)).connected is None


def test_nobody_signs_up_through_the_company(world: World) -> None:
    assert not CompanySignIn().is_open_for_signup(None, None)
