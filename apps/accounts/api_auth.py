"""Keys of API clients: `Authorization: Bearer hg_…`."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Header
from ninja.security import HttpBearer
from pydantic import AfterValidator

from apps.core import clock
from apps.core.errors import NotAllowed
from apps.core.texts import without_number

from .models import ApiClient
from .permits import TooManyRequests, take_permit
from .services import client_of_key


def _without_number(key: str | None) -> str | None:
    return without_number(key) if key else key


IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=80), AfterValidator(_without_number)]
# Where it changes nothing: a refusal is not lost for the length of a key.
AnyKey = Annotated[str | None, Header(alias="Idempotency-Key"), AfterValidator(_without_number)]
# What brings refusals: counted as all is, never turned away.
REFUSALS = ("/events", "/opt-outs", "/sms")


class ClientKey(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> ApiClient | None:
        client = client_of_key(token, at=clock.now(), address=request.META.get("REMOTE_ADDR") or None)
        if client is None:
            return None
        try:
            take_permit(client)
        except TooManyRequests:
            if not request.path.rstrip("/").endswith(REFUSALS):
                raise
        return client


def require_scope(client: ApiClient, scope: str) -> None:
    """Raises `NotAllowed` unless the client has the scope."""
    if scope not in client.scopes:
        raise NotAllowed(f'This key lacks the scope "{scope}".')
