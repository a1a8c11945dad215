"""Every API operation × every scope × own and foreign campaign, from the OpenAPI itself."""

from typing import Any

import pytest

from apps.accounts.models import ApiClient
from apps.contacts.models import ExternalRef
from apps.optouts import services as optouts
from apps.quality.models import Recording
from apps.rights import services as rights
from config.api import api
from tests.http import Api, SecureClient
from tests.security.api_operations import OPERATIONS, call_of, is_about_its_end
from tests.world import PHONE, World


def operations() -> set[tuple[str, str]]:
    paths = api.get_openapi_schema()["paths"]
    return {(method, path.removeprefix("/api/v1/")) for path, methods in paths.items() for method in methods}


def test_every_operation_has_an_entry() -> None:
    assert operations() == set(OPERATIONS)


def filled(path: str) -> str:
    return path.replace("{code}", "spring").replace("{external_id}", "crm-7")


def ask(key: str, operation: tuple[str, str], world: World, call: str) -> Any:
    method, path = operation
    path = (
        filled(path)
        .replace("{call_id}", call)
        .replace("{scrub_id}", call or "su_1")
        .replace("{request_id}", call or "rq_1")
    )
    caller = Api(key)
    if method == "put" and isinstance(OPERATIONS[operation][1], bytes):
        return caller.put(path, OPERATIONS[operation][1])
    if method in {"put", "patch", "delete"}:
        return caller.send(method, path, OPERATIONS[operation][1])
    return caller.get(path) if method == "get" else caller.post(path, OPERATIONS[operation][1])


def scrub_of(client: ApiClient) -> str:
    content = "\n".join(["phone", *(f"1380000{number:04}" for number in range(100))]).encode()
    return optouts.ask_scrub(
        actor=client.owner, client=client, file_name="a.csv", content=content, purpose="clean up"
    ).public_id


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_without_a_key_no_operation_answers(world: World, operation: tuple[str, str]) -> None:
    assert ask("hg_nobody", operation, world, "cl_1").status_code == 401
    method, path = operation
    route = filled(path)
    for place, known in {"{call_id}": "cl_1", "{scrub_id}": "su_1", "{request_id}": "rq_1"}.items():
        route = route.replace(place, known)
    answer = getattr(SecureClient(), method)(f"/api/v1/{route}")
    assert answer.status_code == 401


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_an_operation_answers_its_scope_and_no_other(world: World, operation: tuple[str, str]) -> None:
    scope = OPERATIONS[operation][0]
    for given in ApiClient.Scope.values:
        client, key = world.api_client(f"with-{given}", given)
        world.campaign.clients.add(client)
        call = (
            call_of(world, client, is_over=is_about_its_end(operation)) if "{call_id}" in operation[1] else ""
        )
        if "{scrub_id}" in operation[1]:
            call = scrub_of(client)
        if "{request_id}" in operation[1]:
            call = rights.record_request(client=client, channel="api", kind="withdraw", phone=PHONE).public_id
        if "{external_id}" in operation[1] and operation[0] != "put":
            ExternalRef.objects.create(client=client, external_id="crm-7", contact=world.contact)
        status = ask(key, operation, world, call).status_code
        assert status in ({200, 201, 202, 204} if scope in {None, given} else {403}), (given, status)
        if "{call_id}" in operation[1]:
            Recording.objects.all().delete()
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
        client, key = world.api_client(
            " ".join(operation), *[scope for scope in ApiClient.Scope.values if scope != "dial"]
        )
        world.campaign.clients.add(client)
        assert PHONE not in ask(key, operation, world, "cl_1").content.decode()
