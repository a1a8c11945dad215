"""The API keeps to its own description: schemathesis over every operation, with the key of the demo's program
that has its scope, all checks, no finding."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from apps.accounts.models import ApiClient
from apps.calls.models import Call
from apps.contacts.models import ExternalRef
from apps.demo.world import CLIENTS, DIALLER_SCOPES
from config.api import api
from tests.proofs import sized
from tests.security.api_operations import OPERATIONS
from tests.world import World

EXAMPLES = sized(20, 200)
PROGRAMS = [DIALLER_SCOPES, *CLIENTS.values()]
# Left out is one check alone: no schema describes which texts are phone numbers, or which rows exist, so a
# 422 or 404 that the description names may answer what its schema allows.
HEALTH = [
    HealthCheck.too_slow,
    HealthCheck.function_scoped_fixture,
    HealthCheck.filter_too_much,
    HealthCheck.data_too_large,
]


def _site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The site, with the description of its API where schemathesis looks for it, without a sign-in."""
    if environ["PATH_INFO"] == "/description.json":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(api.get_openapi_schema()).encode()]
    environ |= {"wsgi.url_scheme": "https", "HTTP_HOST": "localhost"}
    return get_wsgi_application()(environ, start_response)


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Requests of the test run on its own connection and inside its transaction, as Django's test client has
    it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_the_demo_has_a_program_for_every_scope() -> None:
    assert {scope for scopes in PROGRAMS for scope in scopes} == set(ApiClient.Scope.values)


@pytest.mark.slow
@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_every_answer_is_one_that_the_description_names(world: World, operation: tuple[str, str]) -> None:
    method, path = operation
    scope = OPERATIONS[operation][0]
    client, key = world.api_client(
        "program", *next(scopes for scopes in PROGRAMS if scope is None or scope in scopes)
    )
    ApiClient.objects.filter(pk=client.pk).update(requests_per_second=30_000)
    world.campaign.clients.add(client)
    ExternalRef.objects.create(client=client, external_id="crm-1017", contact=world.contact)
    Call.objects.filter(pk=getattr(world.authorize(client=client).call, "pk", None)).update(client=client)
    described = schemathesis.openapi.from_wsgi("/description.json", _site)[f"/api/v1/{path}"][method.upper()]

    @given(case=described.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=HEALTH,
        phases=[Phase.explicit, Phase.generate],
        database=None,
    )
    def keeps_to_it(case: Any) -> None:
        with transaction.atomic():
            case.call_and_validate(
                headers={"Authorization": f"Bearer {key}"}, excluded_checks=[positive_data_acceptance]
            )
            transaction.set_rollback(True)

    keeps_to_it()
