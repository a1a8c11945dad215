"""What somebody types is not lost: drafts of forms, and the way back after a session that ended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.ui import services
from apps.ui.models import Draft
from tests.world import PASSWORD, World

Browse = Callable[[str], Client]
KEY = "/complaints/new/#/complaints/new/"
TYPED = {"text": ["客户王小明说被打扰"], "kind": ["disturbed"], "about": []}


def keep(client: Client, key: object, fields: object) -> int:
    return client.post(
        reverse("drafts"), {"key": key, "fields": fields}, content_type="application/json"
    ).status_code


def kept(client: Client, key: str = KEY) -> Any:
    answer = client.get(reverse("drafts"), {"key": key})
    return answer.json()["fields"] if answer.status_code == 200 else None


def test_what_was_typed_comes_back_to_who_typed_it_alone(world: World, browse: Browse) -> None:
    mine, other = browse("agent"), browse("supervisor")
    assert kept(mine) is None
    assert keep(mine, KEY, TYPED) == 204
    assert kept(mine) == TYPED
    assert kept(mine, "/desk/#x") is None
    assert kept(other) is None
    assert keep(mine, KEY, {}) == 204
    assert kept(mine) is None


def test_it_is_encrypted_where_it_lies(world: World, browse: Browse) -> None:
    keep(browse("agent"), KEY, TYPED)
    with connection.cursor() as cursor:
        cursor.execute("select fields from ui_draft")
        assert "王小明".encode() not in bytes(cursor.fetchone()[0])
    assert "王小明" not in str(Draft.objects.get().fields)


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("", TYPED),
        ("x" * 201, TYPED),
        (7, TYPED),
        (KEY, [1]),
        (KEY, {"text": "no list"}),
        (KEY, {"text": [1]}),
        ("/x/13800001234/", TYPED),
    ],
)
def test_what_is_no_draft_is_refused(world: World, browse: Browse, key: object, fields: object) -> None:
    assert keep(browse("agent"), key, fields) == 400
    assert not Draft.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_refused(world: World, browse: Browse, body: bytes) -> None:
    assert browse("agent").post(reverse("drafts"), body, content_type="application/json").status_code == 400


def test_what_may_not_be_kept_is_not(world: World, browse: Browse) -> None:
    client = browse("agent")
    assert keep(client, KEY, {"text": ["身份证 11010519491231002X"]}) == 204
    assert keep(client, KEY, {"text": ["长" * 40_001]}) == 204
    assert not Draft.objects.exists()


def test_a_form_that_was_taken_has_no_draft_and_one_with_errors_keeps_it(
    world: World, browse: Browse
) -> None:
    client = browse("supervisor")
    keep(client, KEY, TYPED)
    form = {"kind": "unwanted", "channel": "telephone", "phone": "13800001234", "draft_key": KEY}
    assert client.post(reverse("complaint_new"), form).status_code == 200  # the text is missing
    assert kept(client) == TYPED
    assert client.post(reverse("complaint_new"), {**form, "text": "被打扰"}).status_code == 302
    assert kept(client) is None


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(world: World, browse: Browse) -> None:
    client = browse("supervisor")
    keep(client, KEY, TYPED)
    client.logout()
    answer = client.post(
        reverse("complaint_new"),
        {"draft_key": KEY},
        headers={"referer": "https://localhost/complaints/new/?a=1"},
    )
    assert answer["Location"] == "/accounts/login/?next=/complaints/new/%3Fa%3D1"
    assert "没有保存" in client.get(answer["Location"]).content.decode()
    assert kept(browse("supervisor")) == TYPED


@pytest.mark.parametrize("referer", ["http://elsewhere.example/complaints/new/", "", "http://[broken/"])
def test_the_way_back_leads_nowhere_else(world: World, client: Client, referer: str) -> None:
    answer = client.post(reverse("complaint_new"), headers={"referer": referer}, secure=True)
    assert answer["Location"] == "/accounts/login/?next=/"


def test_what_a_page_asked_in_passing_goes_to_the_sign_in_as_a_whole(world: World, client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/"}
    answer = client.post(reverse("desk_result"), headers=headers, secure=True)
    assert answer["HX-Redirect"] == "/accounts/login/?next=/desk/"


def test_drafts_go_after_a_week_and_are_fifty_at_most(world: World, clock: Any) -> None:
    actor = world.people["agent"]
    for number in range(60):
        clock.shift(timedelta(seconds=1))
        services.keep_draft(actor=actor, key=f"/{number}/", fields=TYPED)
    assert Draft.objects.count() == 50
    assert services.draft_of(actor, "/59/") == TYPED
    assert services.draft_of(actor, "/9/") == {}
    clock.shift(timedelta(days=7, seconds=1))
    services.keep_draft(actor=actor, key="/new/", fields=TYPED)
    services.drop_drafts()
    assert [draft.key for draft in Draft.objects.all()] == ["/new/"]


def test_a_form_that_goes_on_after_the_password_was_given_has_no_draft(world: World, browse: Browse) -> None:
    person = world.people["compliance"]
    person.set_password(PASSWORD)
    person.save()
    client = browse("compliance")
    page = reverse("hold_new")
    key = f"{page}#{page}"
    keep(client, key, TYPED)
    sent = {
        "kind": "contact",
        "subject": world.contact.public_id,
        "reason": "案件",
        "review_on": "2026-12-24",
        "draft_key": key,
    }
    asked = client.post(page, sent)
    assert "/accounts/reauthenticate/" in asked["Location"]
    assert kept(client, key) == TYPED
    answer = client.post(asked["Location"], {"password": PASSWORD})
    assert answer.status_code == 302
    assert kept(client, key) is None
