"""docs/api-examples.md, sent as it stands: each request is answered as the page shows, and no operation or
event is missing there."""

import json
import re
from pathlib import Path
from typing import Any

from apps.accounts import services as accounts
from apps.accounts.models import ApiClient
from apps.retention import services as retention
from apps.scripts import services as scripts
from apps.webhooks import services as webhooks
from apps.webhooks.models import Delivery, EventKind
from config.api import api
from tests.http import SecureClient
from tests.quality.sounds import wav
from tests.world import World

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "api-examples.md").read_text()
EXAMPLE = re.compile(
    r"```http\n(\w+) (/api/v1/\S+)\n(.*?)```\n(?:\n```json (\d+)\n(.*?)\n```|\nAnswers (\d+))", re.S
)
EVENT = re.compile(r"```json event\n(.*?)\n```", re.S)
ID = re.compile(r"[a-z]{2}_[0-9a-z]+")
MANY = [f"138000{number:05}" for number in range(98)]


def shape(value: Any, place: str = "") -> dict[str, str]:
    """Every place of a JSON value with its kind; of a list, of its first entry."""
    if isinstance(value, dict):
        return {
            place: "object",
            **{
                key: kind
                for name, each in value.items()
                for key, kind in shape(each, f"{place}.{name}").items()
            },
        }
    if isinstance(value, list):
        return {place: "list", **(shape(value[0], f"{place}[]") if value else {})}
    return {place: type(value).__name__}


def ids_in(value: Any, place: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        return {
            key: found
            for name, each in value.items()
            for key, found in ids_in(each, f"{place}.{name}").items()
        }
    return {place: value} if isinstance(value, str) and ID.fullmatch(value) else {}


class Player:
    """Sends examples one after the other; an id that the page shows stands for the one that was answered in
    its place."""

    def __init__(self, key: str) -> None:
        self.client = SecureClient(authorization=f"Bearer {key}")
        self.ids: dict[str, str] = {}

    def meant(self, text: str) -> str:
        return ID.sub(lambda found: self.ids.get(found[0], found[0]), text)

    def play(self, method: str, path: str, rest: str, status: str, shown: str) -> None:
        head, _blank, body = rest.partition("\n\n")
        headers = dict(line.split(": ", 1) for line in head.strip().splitlines())
        assert headers.pop("Authorization") == "Bearer hg_…"
        kind = headers.pop("Content-Type", "application/json")
        content: Any = wav(seconds=1) if body.strip() == "(the file)" else self.meant(body.strip())
        if isinstance(content, str) and '"…"' in content:
            payload = json.loads(content)
            content = json.dumps({**payload, "numbers": payload["numbers"][:-1] + MANY})
        answer = self.client.generic(method, self.meant(path), content, content_type=kind, headers=headers)
        assert answer.status_code == int(status), f"{method} {path}: {answer.content.decode()[:500]}"
        assert answer.headers["X-Request-ID"]
        if not shown:
            assert not answer.content
            return
        expected, got = json.loads(shown), answer.json()
        assert shape(expected).keys() == shape(got).keys(), f"{method} {path}"
        for place, kind_of in shape(expected).items():
            assert "NoneType" in (kind_of, shape(got)[place]) or shape(got)[place] == kind_of, (
                f"{method} {path}{place}"
            )
        self.ids |= {
            found: ids_in(got)[place] for place, found in ids_in(expected).items() if place in ids_in(got)
        }


def test_every_example_is_answered_as_it_is_shown(world: World) -> None:
    ApiClient.objects.filter(pk=world.client.pk).update(scopes=ApiClient.Scope.values)
    player = Player(world.key)
    for method, path, rest, status, shown, bare in EXAMPLE.findall(PAGE):
        player.play(method, path, rest, status or bare, shown)


def test_no_operation_is_missing() -> None:
    shown = {(method, re.sub(r"\?.*", "", path)) for method, path, *_rest in EXAMPLE.findall(PAGE)}
    for path, operations in api.get_openapi_schema()["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        for method in operations:
            assert any(each == method.upper() and pattern.fullmatch(where) for each, where in shown), (
                f"{method.upper()} {path}"
            )


def test_every_event_is_shown_as_it_is_sent(world: World) -> None:
    shown = {result["type"]: result for result in map(json.loads, EVENT.findall(PAGE))}
    assert shown.keys() == set(EventKind.values)
    webhooks.add_end_point(
        actor=world.people["admin"],
        name="all",
        client=world.client,
        url="https://hooks.example.com/",
        kinds=list(EventKind.values),
    )
    version = world.approve_version(world.script)
    scripts.retire(actor=world.people["compliance"], version=version, note="新规")
    world.opt_out()
    accounts.suspend(actor=world.people["supervisor"], agent=world.people["agent"], reason="重大违规待处理")
    webhooks.emit(
        EventKind.CONTACT_ERASED, {"contacts": ["ct_1"], "external_ids": {str(world.client.pk): ["crm-1"]}}
    )
    retention.purge(pause=0)
    sent = {}
    for delivery in Delivery.objects.select_related("event", "end_point__client"):
        webhooks._render(delivery)
        sent[delivery.event.kind] = json.loads(delivery.body)
    assert sent.keys() == shown.keys()
    for kind, result in shown.items():
        inside = ("data.deleted", "data.held")  # by class of data: what there was
        keys = [
            {place for place in shape(each) if not place.startswith(tuple(f".{name}." for name in inside))}
            for each in (result, sent[kind])
        ]
        assert keys[0] == keys[1], kind
