"""The public API under /api/v1/: one instance, its routers by room, errors as problem+json, every answer
documented."""

import json
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from apps.accounts.api_auth import ClientKey, brings_refusals
from apps.calls.api import router as calls
from apps.contacts.api import router as contacts
from apps.core.database.availability import is_away
from apps.core.errors import HeguiError, ServiceAway
from apps.core.web.invalid_bodies import why_invalid
from apps.core.web.lenient_json import decoded, fields_of, is_json, read_body, unpacked
from apps.core.web.request_ids import current
from apps.optouts.api import router as optouts
from apps.quality.api import router as quality
from apps.rights.api import router as rights
from apps.scripts.api import router as scripts
from apps.telephony.api import router as telephony

log = structlog.get_logger(__name__)


class Problem(Schema):
    """An RFC 9457 problem. `code` is stable; `detail` is a sentence in the language of Accept-Language."""

    type: str = Field(examples=["urn:hegui:problem:bad_input"])
    title: str = Field(examples=["bad input"])
    status: int = Field(examples=[422])
    code: str = Field(examples=["bad_input"])
    detail: str = Field(examples=["10 digits; a mainland mobile has 11."])


# What any operation may answer beside what it documents itself.
PROBLEMS = {
    400: "The body is no JSON, or the request no HTTP that can be read.",
    401: "No key, or one that is not in force.",
    403: "The key has not the scope of the operation.",
    404: "There is no such thing, or it is not the key's.",
    405: "The address has no such method.",
    409: "The thing is in another state, or exists already.",
    412: "The thing has changed since it was read.",
    413: "The body is too large.",
    415: "The content is of a type that is not taken.",
    422: "A value cannot be used; the sentence says which and why.",
    429: "Too many requests, or too many numbers; Retry-After says when to go on.",
    500: "An error of ours. It has a number by which it is found in the log; nothing half done was kept.",
    503: "Something that the request needs does not answer; Retry-After says when to try again.",
}


class LooseParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        must_be_read = brings_refusals(request)
        if request.content_type == "multipart/form-data" and not (must_be_read and is_json(request.body)):
            files = request.FILES.lists() if must_be_read else ()
            texts = [(name, text) for name, values in request.POST.lists() for text in values]
            texts += [(name, decoded(file.read())) for name, values in files for file in values]
            return fields_of(texts)
        raw = unpacked(request.body, request.headers.get("Content-Encoding", ""))
        return read_body(raw, request.content_type or "", must_be_read=must_be_read)


class DocumentedApi(NinjaAPI):
    """Names for every operation the problems that it may answer."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        schema = super().get_openapi_schema(*args, **kwargs)
        described = Problem.model_json_schema()
        schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = described
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, words in PROBLEMS.items():
                    operation["responses"].setdefault(str(status), {"description": words, "content": content})
        return schema


api = DocumentedApi(
    title="Hegui",
    version="1",
    description="Ask the gate, dial what it allowed, report what happened, record opt-outs.",
    auth=ClientKey(),
    openapi_url="/openapi.json",
    docs_url="/docs",
    urls_namespace="api",
    parser=LooseParser(),
)
api.add_router("", calls)
api.add_router("", contacts)
api.add_router("", optouts)
api.add_router("", quality)
api.add_router("", rights)
api.add_router("", scripts)
api.add_router("", telephony)


def problem(status: int, code: str, detail: str, **more: Any) -> HttpResponse:
    """An RFC 9457 problem with a stable `code`."""
    body = {
        "type": f"urn:hegui:problem:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )


RETRY_AFTER = {"too_many_requests": 1, "too_many_numbers": 60, "search_quota_reached": 600, "too_often": 60}


@api.exception_handler(HeguiError)
def _ours(request: HttpRequest, error: HeguiError) -> HttpResponse:
    answer = problem(error.status, error.code, str(error))
    if error.status in {429, 503}:
        answer["Retry-After"] = str(RETRY_AFTER.get(error.code, 30))
    return answer


@api.exception_handler(DatabaseError)
@api.exception_handler(InterfaceError)
def _of_database(request: HttpRequest, error: Exception) -> HttpResponse:
    if not is_away(error):
        return _unforeseen(request, error)
    log.error("database_away", why=type(error.__cause__ or error).__name__)
    answer = problem(503, "service_away", str(ServiceAway.sentence))
    answer["Retry-After"] = "5"
    return answer


@api.exception_handler(Exception)
def _unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("api_error", exc_info=error)
    return unforeseen()


def unforeseen() -> HttpResponse:
    """The problem of an error of ours, with the number under which the log has it."""
    said = _("Something went wrong on our side; nothing half done was kept. Its number is %(number)s.")
    return problem(500, "error", said % {"number": current()})


@api.exception_handler(AuthenticationError)
def _unknown_key(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    answer = problem(401, "unauthorized", _("Send a valid key as Authorization: Bearer hg_…"))
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(ValidationError)
def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found, detail = why_invalid(error.errors)
    return problem(422, "bad_input", detail, errors=found)


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, HeguiError):  # of reading the body, which ninja wraps
        return _ours(request, error.__cause__)
    return problem(
        error.status_code,
        "bad_request",
        _("The request body is not valid JSON.") if error.status_code == 400 else str(error),
    )


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "too_large", _("The request body is too large."))


def not_found(request: HttpRequest) -> HttpResponse:
    """For an address under the API that has no operation."""
    return problem(404, "not_found", _("There is no such address in the API. /api/v1/docs lists them."))


def not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """For a method that the address does not have."""
    answer = problem(405, "method_not_allowed", _("This address takes %(methods)s.") % {"methods": allowed})
    answer["Allow"] = allowed
    return answer
