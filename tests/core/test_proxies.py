"""Who asks, seen through proxies: what trusted ones say counts, what a client claims does not."""

import ipaddress
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import KeyAddress
from apps.core.web.proxies import CLAIMS, BehindProxies, client_address, networks_of
from tests.http import Api, SecureClient
from tests.world import World

TWO = networks_of(("10.0.0.0/24", "192.0.2.7/32"))
CLIENT = "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        (CLIENT, "", CLIENT),
        (CLIENT, "198.51.100.1", CLIENT),  # nobody whom we trust says so
        ("10.0.0.1", CLIENT, CLIENT),
        ("10.0.0.1", f"{CLIENT}, 192.0.2.7", CLIENT),  # two proxies
        ("10.0.0.1", f"1.2.3.4, {CLIENT}, 192.0.2.7", CLIENT),  # the client claimed to be 1.2.3.4
        ("10.0.0.1", f"10.0.0.9, {CLIENT}", CLIENT),  # or to be one of our proxies
        ("10.0.0.1", "not-an-address", "10.0.0.1"),
        # what stands before an entry that is none is not believed
        ("10.0.0.1", f"{CLIENT}, , 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", f"{CLIENT}:51234", CLIENT),
        ("10.0.0.1", '"[2001:db8::1]:51234"', "2001:db8::1"),
        ("::ffff:10.0.0.1", f"::ffff:{CLIENT}", CLIENT),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"),
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours_is_the_client(
    peer: str, forwarded: str, seen: str
) -> None:
    assert client_address(peer, forwarded, TWO) == seen


@given(st.lists(st.one_of(st.ip_addresses().map(str), st.text(max_size=12)), max_size=6))
def test_whatever_a_client_claims_the_address_is_the_one_that_our_proxy_saw(claimed: list[str]) -> None:
    """Our proxy appends whom it saw; a comma within a claim makes more entries, all before it."""
    assert client_address("10.0.0.1", ", ".join([*claimed, CLIENT]), TWO) == CLIENT
    assert client_address(CLIENT, ", ".join(claimed), TWO) == CLIENT


def passed(**fields: str) -> tuple[Any, HttpResponse]:
    seen = []
    answer = BehindProxies(lambda request: seen.append(request) or HttpResponse())(
        RequestFactory().get("/", **fields)
    )
    return seen[0], answer


def test_no_claim_reaches_what_stands_behind(settings: Any) -> None:
    settings.HEGUI_TRUSTED_PROXIES = ["10.0.0.0/24"]
    claims = dict.fromkeys(CLAIMS, "198.51.100.1") | {"HTTP_X_FORWARDED_PROTO": "https"}
    direct, _answer = passed(REMOTE_ADDR=CLIENT, **claims)
    assert (direct.META["REMOTE_ADDR"], direct.is_secure()) == (CLIENT, False)
    assert not set(CLAIMS) & set(direct.META)
    through, _answer = passed(REMOTE_ADDR="10.0.0.1", **claims)
    assert (through.META["REMOTE_ADDR"], through.is_secure()) == ("198.51.100.1", True)
    assert not set(CLAIMS) & set(through.META)


def test_tls_that_ends_at_the_proxy_makes_no_loop(db: None, settings: Any) -> None:
    settings.HEGUI_TRUSTED_PROXIES = ["127.0.0.1/32"]
    assert settings.SECURE_SSL_REDIRECT
    client = Client(headers={"host": "localhost"})
    page = client.get("/accounts/login/", headers={"x-forwarded-proto": "https", "x-forwarded-for": CLIENT})
    assert page.status_code == 200
    plain = client.get("/accounts/login/", headers={"x-forwarded-proto": "http", "x-forwarded-for": CLIENT})
    assert (plain.status_code, plain["Location"][:8]) == (301, "https://")


def test_allow_lists_and_trail_see_the_client(world: World, settings: Any) -> None:
    settings.HEGUI_TRUSTED_PROXIES = ["127.0.0.0/8"]
    api = Api(world.key)
    world.client.addresses = ["203.0.113.0/24"]
    world.client.save()
    forwarded = {"HTTP_X_FORWARDED_FOR": f"198.51.100.1, {CLIENT}"}
    assert api.client.get("/api/v1/campaigns", **forwarded).status_code == 200
    assert (
        api.client.get("/api/v1/campaigns", HTTP_X_FORWARDED_FOR="203.0.113.5, 198.51.100.1").status_code
        == 401
    ), "only claimed to be allowed"
    assert list(KeyAddress.objects.values_list("address", flat=True)) == [str(ipaddress.ip_address(CLIENT))]


def test_a_stranger_who_goes_on_trying_shuts_nobody_out(world: World, settings: Any) -> None:
    """Counted by name and client together; what the client claims to be changes nothing."""
    settings.HEGUI_TRUSTED_PROXIES = ["127.0.0.0/8"]
    person = world.people["agent"]
    person.set_password("tulip-Winter-31-x")
    person.save()

    def signs_in(password: str, forwarded_for: str) -> bool:
        payload = {"login": person.username, "password": password}
        return bool(
            SecureClient()
            .post("/accounts/login/", payload, headers={"x-forwarded-for": forwarded_for})
            .status_code
            == 302
        )

    for number in range(6):
        assert not signs_in("wrong", f"192.0.2.{number}, {CLIENT}")
    assert not signs_in("tulip-Winter-31-x", f"192.0.2.200, {CLIENT}"), (
        "who tried is slowed down, whoever they claim to be"
    )
    assert signs_in("tulip-Winter-31-x", "203.0.113.77"), "the colleague is not"
