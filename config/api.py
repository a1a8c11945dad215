"""The public API under /api/v1/: one instance, its routers by room, errors as problem+json."""

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from apps.accounts.api_auth import ClientKey
from apps.calls.api import router as calls
from apps.contacts.api import router as contacts
from apps.core.errors import HeguiError
from apps.optouts.api import router as optouts
from apps.quality.api import router as quality
from apps.rights.api import router as rights
from apps.scripts.api import router as scripts

api = NinjaAPI(
    title="Hegui",
    version="1",
    description="Ask the gate, dial what it allowed, report what happened, record opt-outs.",
    auth=ClientKey(),
    openapi_url="/openapi.json",
    docs_url="/docs",
    urls_namespace="api",
)
api.add_router("", calls)
api.add_router("", contacts)
api.add_router("", optouts)
api.add_router("", quality)
api.add_router("", rights)
api.add_router("", scripts)


def problem(status: int, code: str, detail: str, **more: Any) -> HttpResponse:
    """An RFC 9457 problem with a stable `code`."""
    body = {"type": f"urn:hegui:problem:{code}", "title": code.replace("_", " "), "status": status, "code": code, "detail": detail, **more}
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json")


@api.exception_handler(HeguiError)
def _ours(request: HttpRequest, error: HeguiError) -> HttpResponse:
    answer = problem(error.status, error.code, str(error))
    if error.status == 429:
        answer["Retry-After"] = "1"
    return answer


@api.exception_handler(AuthenticationError)
def _unknown_key(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    answer = problem(401, "unauthorized", "Send a valid key as Authorization: Bearer hg_…")
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(ValidationError)
def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Where and why, never the value: it may be a number."""
    found = [{"where": ".".join(map(str, each["loc"])), "why": each["msg"]} for each in error.errors]
    return problem(422, "bad_input", "; ".join(f"{each['where']}: {each['why']}" for each in found), errors=found)


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "bad_request", "The request body is not valid JSON." if error.status_code == 400 else str(error))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "too_large", "The request body is too large.")
