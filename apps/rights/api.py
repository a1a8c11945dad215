"""Requests of persons that another system took in."""

from datetime import date
from typing import Any, Literal

from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from apps.accounts.api_auth import IdempotencyKey, require_scope
from apps.accounts.models import ApiClient
from apps.accounts.request_types import ClientRequest
from apps.calls.api import Strict, Text
from apps.contacts.models import Purpose
from apps.core.calendar import clock
from apps.core.calendar.timestamps import possible_or, read_timestamp
from apps.core.errors import BadInput, NotFound
from apps.core.web import ids

from . import services
from .models import SubjectRequest

router = Router(tags=["requests of persons"])


class RequestIn(Strict):
    """`verification` says how your system made sure that the number is the person's; without it, compliance
    does."""

    kind: Literal["see", "correct", "delete", "withdraw", "explain"] = Field(examples=["delete"])
    phone: Text = Field(examples=["13800001234"])
    reference: Text = Field(examples=["member-centre-20261124-17"])
    verification: str = Field(
        "", max_length=200, pattern=r"^[^\x00]*$", examples=["signed in to the member centre"]
    )
    text: str = Field("", max_length=2_000, pattern=r"^[^\x00]*$", examples=["请删除我的全部信息"])
    new_name: str = Field("", max_length=80, pattern=r"^[^\x00]*$", examples=[""])
    purpose: str = Field("", max_length=40, pattern=r"^[^\x00]*$", examples=[""])
    received_at: Any = Field(
        None,
        description="RFC 3339 with offset; now when it cannot be true.",
        examples=["2026-11-24T09:30:00+08:00"],
    )


class RequestState(Schema):
    request: str = Field(examples=["rq_5"])
    kind: str = Field(examples=["delete"])
    state: str = Field(examples=["open"])
    due_on: date = Field(examples=["2026-12-15"])
    paused: bool = Field(examples=[False])
    done: dict[str, int] = Field(examples=[{"contact": 1, "calls": 3}])


def _shown(made: SubjectRequest) -> dict[str, Any]:
    return {
        "request": made.public_id,
        "kind": made.kind,
        "state": made.state,
        "due_on": made.due_on,
        "paused": made.paused_on is not None,
        "done": made.result.get("done", {}),
    }


@router.post(
    "requests", response={201: RequestState}, summary="Hand in a request of a person about their data"
)
def post_request(request: ClientRequest, payload: RequestIn, key: IdempotencyKey = None) -> Any:
    """The same reference again is the request that is stored. It says nothing about whether the number is
    known."""
    client, now = request.auth, clock.now()
    require_scope(client, ApiClient.Scope.REQUESTS)
    received_at = possible_or(read_timestamp(payload.received_at, now=now), now)
    purpose = Purpose.objects.filter(code=payload.purpose).first() if payload.purpose else None
    if payload.purpose and purpose is None:
        raise BadInput(_('There is no purpose "%(purpose)s".'), purpose=payload.purpose)
    made = services.record_request(
        client=client, channel=SubjectRequest.Channel.API, purpose=purpose, received_at=received_at,
        **payload.model_dump(exclude={"purpose", "received_at"}),
    )  # fmt: skip
    return Status(201, _shown(made))


@router.get("requests/{request_id}", response=RequestState, summary="How far a request is")
def get_request(request: ClientRequest, request_id: str) -> dict[str, Any]:
    require_scope(request.auth, ApiClient.Scope.REQUESTS)
    found = SubjectRequest.objects.filter(pk=ids.decode("rq", request_id), client=request.auth).first()
    if found is None:
        raise NotFound()
    return _shown(found)
