"""Company sign-in, against a provider that runs: bound to issuer and subject, whatever names the provider
tells."""

import hashlib
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount

from tests.http import SecureClient
from tests.world import World

PASSWORD = "tulip-Winter-31-x"
PROVIDER = "company-1"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the provider's own libraries
        import oidc_provider_mock

        claims = {"preferred_username": "admin", "email": "admin@example.com"}
        people = [oidc_provider_mock.User(sub=sub, claims=dict(claims)) for sub in ("subject-1", "subject-2")]
        with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
            yield f"http://localhost:{server.server_port}"


@pytest.fixture
def company(provider: str, settings: Any) -> str:
    app = {
        "provider_id": PROVIDER,
        "name": "Company",
        "client_id": "hegui",
        "secret": "x",
        "settings": {"server_url": provider, "oauth_pkce_enabled": True},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    return provider


def comes_from_provider(client: SecureClient, sub: str, *, process: str = "login") -> Any:
    """To the provider, signed in there as `sub`, and back."""
    sent = client.post(f"/accounts/oidc/{PROVIDER}/login/?process={process}")
    assert sent.status_code == 302, sent.content.decode()[-2000:]
    assert "code_challenge=" in sent["Location"]
    answer = httpx.post(sent["Location"], data={"sub": sub}, follow_redirects=False)
    back = urlsplit(answer.headers["location"])
    return client.get(f"{back.path}?{back.query}")


def signed_in(client: SecureClient) -> str | None:
    return client.session.get("_auth_user_id")


@pytest.mark.filterwarnings("ignore")  # werkzeug's development server and authlib
def test_only_the_account_that_a_person_connected_signs_them_in(world: World, company: str) -> None:
    agent = world.people["agent"]
    agent.set_password(PASSWORD)
    agent.save()
    stranger = SecureClient()
    answer = comes_from_provider(stranger, "subject-1")
    assert answer["Location"].endswith("/accounts/login/")
    assert signed_in(stranger) is None, "the provider says that their name is admin; that is nobody's proof"
    assert not SocialAccount.objects.exists()

    person = SecureClient()
    person.post("/accounts/login/", {"login": "agent", "password": PASSWORD})
    answer = comes_from_provider(person, "subject-1", process="connect")
    assert answer["Location"] == "/accounts/reauthenticate/", "the password is asked again"
    person.post("/accounts/reauthenticate/", {"password": PASSWORD}, follow=True)
    assert list(SocialAccount.objects.values_list("user__username", "provider", "uid")) == [
        ("agent", PROVIDER, "subject-1")
    ]

    again, other = SecureClient(), SecureClient()
    comes_from_provider(again, "subject-1")
    comes_from_provider(other, "subject-2")
    assert signed_in(again) == str(agent.pk)
    assert signed_in(other) is None


@pytest.mark.filterwarnings("ignore")
def test_the_same_subject_of_another_issuer_is_somebody_else(
    world: World, company: str, settings: Any
) -> None:
    SocialAccount.objects.create(user=world.people["admin"], provider="company-2", uid="subject-1")
    client = SecureClient()
    comes_from_provider(client, "subject-1")
    assert signed_in(client) is None


def test_the_provider_is_named_after_its_issuer() -> None:
    from config import settings

    assert (
        settings.company["provider_id"]
        == f"company-{hashlib.sha256(settings.HEGUI_OIDC_SERVER.encode()).hexdigest()[:8]}"
    )


def test_who_left_does_not_come_back_through_the_company(world: World, company: str) -> None:
    agent = world.people["agent"]
    SocialAccount.objects.create(user=agent, provider=PROVIDER, uid="subject-1")
    agent.is_active = False
    agent.save()
    client = SecureClient()
    comes_from_provider(client, "subject-1")
    assert signed_in(client) is None
