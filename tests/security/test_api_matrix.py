"""Every API operation × every scope × own and foreign campaign, from the OpenAPI itself."""

from typing import Any

import pytest

from apps.accounts.models import ApiClient
from config.api import api
from tests.http import Api, SecureClient
from tests.world import LINE, PHONE, World

# operation → (scope that it wants or None, body, status for a foreign campaign or call)
OPERATIONS: dict[tuple[str, str], tuple[str | None, Any, int]] = {
    ("post", "calls/authorize"): ("authorize", {"campaign": "spring", "phone": PHONE, "line": LINE}, 404),
    ("post", "calls/claim"): ("dial", {}, 204),
    ("get", "calls/{call_id}"): (None, None, 404),
    ("post", "calls/{call_id}/events"): ("events", {"event": "ringing"}, 404),
    ("post", "opt-outs"): ("optouts", {"phone": PHONE, "evidence": "m1"}, 201),  # a refusal is taken from anybody with the scope
    ("post", "scripts/check"): (None, {"text": "您好"}, 200),  # a text of the client's own; nothing is read or stored
    ("get", "campaigns"): (None, None, 200),
    ("get", "campaigns/{code}/queue"): (None, None, 404),
}


def operations() -> set[tuple[str, str]]:
    paths = api.get_openapi_schema()["paths"]
    return {(method, path.removeprefix("/api/v1/")) for path, methods in paths.items() for method in methods}


def test_every_operation_has_an_entry() -> None:
    assert operations() == set(OPERATIONS)


def ask(key: str, operation: tuple[str, str], world: World, call: str) -> Any:
    method, path = operation
    path = path.replace("{call_id}", call).replace("{code}", "spring")
    caller = Api(key)
    return caller.get(path) if method == "get" else caller.post(path, OPERATIONS[operation][1])


def call_of(world: World, client: ApiClient) -> str:
    made = world.authorize(client=client).call
    assert made is not None
    return made.public_id


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_without_a_key_no_operation_answers(world: World, operation: tuple[str, str]) -> None:
    assert ask("hg_nobody", operation, world, "cl_1").status_code == 401
    method, path = operation
    answer = getattr(SecureClient(), method)(f"/api/v1/{path.replace('{call_id}', 'cl_1').replace('{code}', 'spring')}")
    assert answer.status_code == 401


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_an_operation_answers_its_scope_and_no_other(world: World, operation: tuple[str, str]) -> None:
    scope = OPERATIONS[operation][0]
    for given in ApiClient.Scope.values:
        client, key = world.api_client(f"with-{given}", given)
        world.campaign.clients.add(client)
        call = call_of(world, client) if "{call_id}" in operation[1] else ""
        status = ask(key, operation, world, call).status_code
        assert status in ({200, 201, 204} if scope in {None, given} else {403}), (given, status)
        if call:
            world.contact.call_set.all().delete()


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_a_foreign_campaign_or_call_is_not_there(world: World, operation: tuple[str, str]) -> None:
    call = call_of(world, world.client) if "{call_id}" in operation[1] else ""
    _client, key = world.api_client("stranger", *ApiClient.Scope.values)
    answer = ask(key, operation, world, call)
    assert answer.status_code == OPERATIONS[operation][2]
    assert "138****" not in answer.content.decode()
    assert PHONE not in answer.content.decode()


def test_no_answer_but_the_hand_over_holds_a_number(world: World) -> None:
    for operation in OPERATIONS:
        client, key = world.api_client(" ".join(operation), *[scope for scope in ApiClient.Scope.values if scope != "dial"])
        world.campaign.clients.add(client)
        assert PHONE not in ask(key, operation, world, "cl_1").content.decode()
