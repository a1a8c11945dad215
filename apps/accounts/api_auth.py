"""Keys of API clients: `Authorization: Bearer hg_…`."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Header
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer
from pydantic import AfterValidator, StringConstraints

from apps.core.calendar import clock
from apps.core.errors import NotAllowed
from apps.core.privacy.free_text import without_number

from .models import ApiClient
from .rate_limit import TooManyRequests, take_permit
from .services import client_of_key, remembered_client

_Key = Annotated[str, AfterValidator(without_number)]
IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(max_length=80), AfterValidator(without_number)] | None,
    Header(alias="Idempotency-Key"),
]
# Where it changes nothing: a refusal is not lost for the length of a key.
AnyKey = Annotated[_Key | None, Header(alias="Idempotency-Key")]
# What brings refusals, and the question of a telephone gateway, which bounds its diallers itself and has
# calls waiting: counted as all is, never turned away.
NEVER_TURNED_AWAY = (
    "/events",
    "/opt-outs",
    "/sms",
    "/withdrawals",
    "/complaints",
    "/requests",
    "/telephony/ask",
)


def brings_refusals(request: HttpRequest) -> bool:
    """Judged by the operation, not by what stands in its address: an id may end in any word."""
    match = request.resolver_match
    return match is not None and match.route.endswith(NEVER_TURNED_AWAY)


class ClientKey(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> ApiClient | None:
        client = self.find(token, at=clock.now(), address=request.META.get("REMOTE_ADDR") or None)
        if client is None:
            return None
        try:
            take_permit(client)
        except TooManyRequests:
            if not brings_refusals(request):
                raise
        return client

    def find(self, key: str, *, at: datetime, address: str | None) -> ApiClient | None:
        return client_of_key(key, at=at, address=address)


class RememberedKey(ClientKey):
    """For an operation that asks whether the key still is one in the statement that decides
    (`services.remembered_client`)."""

    def find(self, key: str, *, at: datetime, address: str | None) -> ApiClient | None:
        return remembered_client(key, at=at, address=address) or client_of_key(key, at=at, address=address)


def read_again(request: HttpRequest) -> ApiClient:
    """The client of a request whose remembered one did not get through. Raises `AuthenticationError` where
    the key is none any more."""
    _bearer, _blank, key = request.headers.get("Authorization", "").partition(" ")
    client = client_of_key(key.strip(), at=clock.now(), address=request.META.get("REMOTE_ADDR") or None)
    if client is None:
        raise AuthenticationError()
    return client


def require_scope(client: ApiClient, scope: str) -> None:
    """Raises `NotAllowed` unless the client has the scope."""
    if scope not in client.scopes:
        raise NotAllowed(f'This key lacks the scope "{scope}".')
