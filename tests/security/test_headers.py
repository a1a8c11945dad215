"""What every page says to the browser: a strict policy, no framing, no caching of what is personal."""

from typing import Any

import pytest

from tests.http import SecureClient
from tests.world import World


def test_the_policy_has_no_unsafe_part(world: World, browse: Any) -> None:
    answer = browse("agent").get("/desk/")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    for word in ("style=", "onclick=", "<style", "javascript:"):
        assert word not in answer.content.decode()


def test_scripts_come_from_files_alone(world: World, browse: Any) -> None:
    import re

    text = browse("agent").get("/desk/").content.decode()
    assert all('src="' in tag for tag in re.findall(r"<script[^>]*>", text))


def test_other_headers(world: World, browse: Any) -> None:
    headers = browse("agent").get("/contacts/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "max-age=31536000" in headers["Strict-Transport-Security"]


def test_cookies_are_for_https_and_not_for_scripts(world: World) -> None:
    client = SecureClient()
    client.get("/accounts/login/")
    for cookie in client.cookies.values():
        assert cookie["secure"]
        assert cookie["httponly"]


def test_plain_http_is_sent_to_https(world: World) -> None:
    from django.test import Client

    answer = Client(headers={"host": "localhost"}).get("/desk/")
    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://")


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(world: World, target: str) -> None:
    from apps.accounts.services import create_user

    create_user(
        username="alice",
        display_name="A",
        role="agent",
        department=world.department,
        password="a-Long-enough-Passphrase-7",
    )
    answer = SecureClient().post(
        "/accounts/login/", {"login": "alice", "password": "a-Long-enough-Passphrase-7", "next": target}
    )
    assert "evil" not in answer.headers["Location"]


def test_a_form_without_its_token_is_refused(world: World) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    client.force_login(world.people["agent"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/desk/opt-out/", secure=True).status_code == 403
