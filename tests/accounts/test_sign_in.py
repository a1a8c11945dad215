"""Sign-in: second factors, sudo mode, sessions that end; keys of API clients."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.db import DatabaseError, connection, transaction

from apps.accounts import services
from apps.accounts.models import ApiClient, User
from apps.audit.models import AccessEvent
from apps.core.calendar import clock as our_clock
from apps.core.errors import BadInput, NotAllowed
from tests.http import Api, SecureClient, problem
from tests.world import LINE, PASSWORD, PHONE, World


@pytest.fixture
def officer(world: World) -> User:
    return services.create_user(
        username="officer",
        display_name="官",
        role="compliance",
        department=world.department,
        password=PASSWORD,
    )


def sign_in(username: str) -> SecureClient:
    client = SecureClient()
    client.post("/accounts/login/", {"login": username, "password": PASSWORD})
    return client


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


# -- the second factor


def test_compliance_gets_no_further_than_setting_up_a_second_factor(world: World, officer: User) -> None:
    client = sign_in("officer")
    for page in ("/", "/decisions/", "/contacts/"):
        assert client.get(page).headers["Location"] == "/accounts/2fa/"
    assert client.get("/accounts/2fa/").status_code == 200
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


@pytest.mark.parametrize(
    ("role", "demanded"), [("agent", False), ("supervisor", False), ("compliance", True), ("admin", True)]
)
def test_of_whom_a_second_factor_is_demanded(world: World, browse: Any, role: str, demanded: bool) -> None:
    answer = browse(role, second_factor=False).get("/trail/")
    assert (answer.status_code == 302) is demanded


def test_with_an_authenticator_app_the_password_is_not_enough(world: World, officer: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(officer, secret)
    client = sign_in("officer")
    assert client.get("/decisions/").status_code == 302
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/decisions/").status_code == 200


def test_the_secret_of_an_app_lies_encrypted_in_the_table(world: World, officer: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(officer, secret)
    with connection.cursor() as cursor:
        cursor.execute("select data::text from mfa_authenticator")
        assert secret not in cursor.fetchone()[0]
    assert Authenticator.objects.get().wrap().validate_code(code_of(secret))


# -- sudo mode


def test_a_reveal_wants_the_password_again_after_ten_minutes(world: World, clock: Any) -> None:
    services.create_user(
        username="boss",
        display_name="主管",
        role="supervisor",
        department=world.department,
        password=PASSWORD,
    )
    from guardian.shortcuts import assign_perm

    assign_perm("supervise", User.objects.get(username="boss"), world.campaign)
    client = sign_in("boss")
    page = f"/contacts/{world.contact.public_id}/reveal/phone/"
    body = {"purpose": "complaint", "reason": "投诉编号17"}
    refused = client.post(page, body)
    assert "reauthenticate" in refused.headers["Location"], "signing in is not enough"
    answer = client.post(refused.headers["Location"], {"password": PASSWORD})
    assert PHONE in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Refresh"].startswith("30; url=/contacts/ct_")
    clock.shift(timedelta(minutes=9, seconds=59))
    assert PHONE in client.post(page, body).content.decode()
    clock.shift(timedelta(minutes=1))
    again = client.post(page, body)
    assert again.status_code == 302
    assert "reauthenticate" in again.headers["Location"]
    assert AccessEvent.objects.filter(kind="disclosed").count() == 2


def test_an_address_never_shows_the_value(world: World, browse: Any) -> None:
    assert (
        browse("supervisor").get(f"/contacts/{world.contact.public_id}/reveal/number_index/").status_code
        == 404
    )
    text = browse("supervisor").get(f"/contacts/{world.contact.public_id}/reveal/phone/").content.decode()
    assert PHONE not in text


# -- sessions


@pytest.mark.parametrize(
    "change",
    [
        lambda world, user: services.deactivate(actor=world.people["admin"], user=user),
        lambda world, user: services.change_role(actor=world.people["admin"], user=user, role="supervisor"),
        lambda world, user: services.end_sessions(actor=world.people["admin"], user=user),
        lambda world, user: services.end_sessions(actor=user, user=user),
        lambda world, user: (user.set_password("another-Passphrase-88"), user.save()),
    ],
)
def test_all_sessions_end_when_state_role_or_password_changes(world: World, browse: Any, change: Any) -> None:
    client = browse("agent")
    assert client.get("/desk/").status_code == 200
    change(world, world.people["agent"])
    assert "/accounts/login/" in client.get("/desk/").headers["Location"]


def test_a_person_finds_their_sessions_and_the_end_of_all(world: World, browse: Any) -> None:
    client = browse("agent")
    assert "/accounts/sessions/" in client.get("/accounts/2fa/").content.decode()
    text = client.get("/accounts/sessions/").content.decode()
    assert 'action="/sessions/end/"' in text
    client.post("/sessions/end/")
    assert "/accounts/login/" in client.get("/desk/").headers["Location"]


def test_an_idle_session_ends(world: World, browse: Any, clock: Any) -> None:
    client = browse("agent")
    client.get("/desk/")
    clock.shift(timedelta(minutes=29))
    assert client.get("/desk/").status_code == 200
    clock.shift(timedelta(minutes=31))
    assert "/accounts/login/" in client.get("/desk/").headers["Location"]


def test_a_page_s_own_polling_is_no_activity(world: World, browse: Any, clock: Any) -> None:
    client = browse("agent")
    client.get("/desk/")
    for _minute in range(30):
        clock.shift(timedelta(minutes=1))
        assert client.get("/desk/state/?known=x", headers={"X-Polling": "true"}).status_code == 200
        assert client.post("/desk/next/", headers={"X-Polling": "true"}).status_code == 302
    clock.shift(timedelta(minutes=1))
    ended = client.get("/desk/state/?known=x", headers={"X-Polling": "true"})
    assert (ended.status_code, ended.headers["HX-Refresh"]) == (401, "true"), (
        "the page goes to the sign-in as a whole"
    )
    assert "/accounts/login/" in client.get("/desk/").headers["Location"]


def test_every_page_that_polls_says_so() -> None:
    templates = Path(__file__).resolve().parent.parent.parent / "templates"
    for path in templates.rglob("*.html"):
        for tag in re.findall(
            r"<[^>]*hx-trigger=\"[^\"]*every [^>]*>", path.read_text().replace("%}", "").replace("{%", "")
        ):
            assert "X-Polling" in tag, path


def test_people_are_never_deleted(world: World) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        world.person("new", role="agent").delete()


def test_nobody_manages_themselves_and_only_admins_manage(world: World) -> None:
    for actor, user in (("admin", "admin"), ("compliance", "agent"), ("supervisor", "agent")):
        for change in (services.deactivate, services.reactivate):
            with pytest.raises(NotAllowed):
                change(actor=world.people[actor], user=world.people[user])
        with pytest.raises(NotAllowed):
            services.change_role(actor=world.people[actor], user=world.people[user], role="agent")


def test_sign_ins_failures_and_sign_outs_are_in_the_trail(world: World, officer: User) -> None:
    SecureClient().post("/accounts/login/", {"login": "officer", "password": "wrong-Passphrase-1"})
    SecureClient().post("/accounts/login/", {"login": PHONE, "password": "wrong-Passphrase-1"})
    sign_in("officer").post("/accounts/logout/")
    result = list(AccessEvent.objects.order_by("pk").values_list("kind", "subject", "actor__username"))
    assert result == [
        ("sign_in_failed", f"user:{officer.pk}", None),
        ("sign_in_failed", "nobody", None),
        ("signed_in", f"user:{officer.pk}", "officer"),
        ("signed_out", f"user:{officer.pk}", "officer"),
    ]


# -- keys of API clients


def ask(key: str, **extra: Any) -> Any:
    return Api(key).post("calls/authorize", {"campaign": "spring", "phone": PHONE, "line": LINE}, **extra)


def test_a_new_key_overlaps_with_the_one_before_for_a_day(world: World, clock: Any) -> None:
    _client, new = services.rotate_client(actor=None, client=world.client)
    assert ask(world.key).status_code == ask(new).status_code == 200
    clock.shift(timedelta(days=1))
    assert problem(ask(world.key)) == (401, "unauthorized")
    assert ask(new).status_code == 200


def test_an_ended_client_has_no_key(world: World) -> None:
    services.end_client(actor=world.people["admin"], client=world.client)
    assert ask(world.key).status_code == 401


def test_a_key_may_be_bound_to_addresses(world: World) -> None:
    ApiClient.objects.update(addresses=["10.0.0.0/8"])
    assert ask(world.key).status_code == 401
    ApiClient.objects.update(addresses=["127.0.0.0/8"])
    assert ask(world.key).status_code == 200


def test_the_last_use_is_noted(world: World) -> None:
    ask(world.key)
    assert ApiClient.objects.get().last_used_at == our_clock.now()


@pytest.mark.parametrize("bad", [{"addresses": ["everywhere"]}, {"ends_at": None}])
def test_a_bad_client_is_a_sentence(world: World, bad: dict[str, Any]) -> None:
    fields = {
        "name": "x",
        "owner": world.people["admin"],
        "scopes": ["dial"],
        "ends_at": our_clock.now() + timedelta(days=1),
        **bad,
    }
    fields["ends_at"] = fields["ends_at"] or our_clock.now()
    with pytest.raises(BadInput):
        services.issue_client(actor=world.people["admin"], **fields)


def test_a_key_is_shown_once_on_the_page_that_makes_it(world: World, browse: Any) -> None:
    client = browse("admin")
    body = {
        "name": "crm", "owner": world.people["admin"].pk, "scopes": ["optouts"], "addresses": "",
        "ends_at": "2026-12-31",
        "campaigns": [world.campaign.pk], "requests_per_second": "50",
    }  # fmt: skip
    text = client.post("/api-clients/new/", body).content.decode()
    made = ApiClient.objects.get(name="crm")
    assert "hg_" in text
    assert list(made.campaigns.all()) == [world.campaign]
    assert "hg_" not in client.get("/api-clients/").content.decode()
