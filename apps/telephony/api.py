"""The gateway's API: put the question of an INVITE, learn who may send and which calls to end, report how the
gateway does.

For the connector and the SIP server beside it, with a key of their own (scope `telephony`).
"""

import time
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Field, Router, Schema, Status
from pydantic import IPvAnyAddress, StringConstraints
from pydantic_core import to_json

from apps.accounts.api_auth import require_scope
from apps.accounts.models import ApiClient
from apps.accounts.request_types import ClientRequest
from apps.calls.api import Strict
from apps.core.privacy import phones
from apps.core.privacy.dialling import number_to_dial
from apps.core.privacy.protected import Protected
from apps.core.web import ids
from apps.core.web.metrics import GATE_SECONDS

from . import queries, services
from .rules import on_the_wire

router = Router(tags=["telephony"])
Header = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class Invited(Strict):
    """What the INVITE says. `ask` names this question, also when it is put to a second Hegui because the
    first did not answer."""

    dialler: Header = Field(examples=["dl_2"])
    ask: Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00]*$")] = Field(
        examples=["1-17@192.0.2.10 z9hG4bK-1"]
    )
    sip_call: Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00]*$")] = Field(
        examples=["1-17@192.0.2.10"]
    )
    to: Header = Field(examples=["13800001234"])
    line: Header = Field(examples=["01085550101"])
    campaign: Header | None = Field(None, examples=["retail-members"])
    agent: Header | None = Field(None, examples=["agent"])
    call: Header | None = Field(None, examples=["cl_2f"])
    source: IPvAnyAddress | None = Field(None, examples=["192.0.2.10"])


class InviteVerdict(Schema):
    """Flat, so that a SIP server can read it. On `allow` whom to dial, as which caller, by which carrier;
    limits are of the line."""

    decision: Literal["allow", "refuse"] = Field(examples=["allow"])
    codes: str = Field(examples=[""])
    call: str | None = Field(None, examples=["cl_2f"])
    number: str | None = Field(None, examples=["+8613800001234"])
    caller: str | None = Field(None, examples=["+861085550101"])
    carrier: str | None = Field(None, examples=["198.51.100.7:5060"])
    carrier_host: str | None = Field(None, examples=["198.51.100.7"])
    line: str | None = Field(None, examples=["1-4"])
    at_once: str | None = Field(None, examples=["30"])
    a_second: str | None = Field(None, examples=["5"])


class Sender(Schema):
    id: str = Field(examples=["dl_2"])
    addresses: list[str] = Field(examples=[["192.0.2.10/32"]])
    user: str | None = Field(examples=[None])
    ha1: str | None = Field(examples=[None])


class Configuration(Schema):
    diallers: list[Sender]


class ToEnd(Schema):
    calls: list[str] = Field(examples=[["cl_2f"]])


Count = Annotated[int, Field(ge=0, le=2_000_000_000)]


class ConnectorReport(Strict):
    is_answering: bool = Field(examples=[True])
    open_calls: Count = Field(examples=[12])
    events_waiting: Count = Field(examples=[0])
    recordings_waiting: Count = Field(examples=[1])
    oldest_seconds: Count = Field(examples=[3])
    spool_bytes: Annotated[int, Field(ge=0, le=2**60)] = Field(examples=[1_048_576])
    spool_free: Annotated[int, Field(ge=0, le=2**60)] = Field(examples=[8_589_934_592])
    set_aside: Count = Field(examples=[0])
    strangers: Count = Field(0, examples=[0])


def _number(said: str) -> Protected | None:
    try:
        return Protected(phones.normalise(said), "phone")
    except phones.PhoneInvalid:
        return None


@router.post(
    "telephony/ask", response=InviteVerdict, summary="Ask for one INVITE whether it may go to a carrier"
)
def ask(request: ClientRequest, invited: Invited) -> HttpResponse:
    """Refusals are answers (200) too; whatever else comes is no yes. An allowed call is reserved, and this
    gateway reports on it."""
    require_scope(request.auth, ApiClient.Scope.TELEPHONY)
    begun = time.perf_counter()
    number = _number(invited.to)
    asked = services.InviteQuestion(
        dialler=invited.dialler, ask=invited.ask, sip_call=invited.sip_call, number=number, line=invited.line,
        campaign=invited.campaign,
        agent=invited.agent, call=invited.call, source=str(invited.source) if invited.source else None,
    )  # fmt: skip
    answer = services.ask(gateway=request.auth, asked=asked)
    payload = answer.as_json()
    if answer.allowed and answer.trunk and number:
        payload["number"] = on_the_wire(number_to_dial(number), answer.trunk.form)
    GATE_SECONDS.labels("allowed" if answer.allowed else "refused").observe(time.perf_counter() - begun)
    return HttpResponse(to_json(payload), content_type="application/json")


@router.get("telephony/configuration", response=Configuration, summary="Who may send calls to the gateway")
def configuration(request: ClientRequest) -> dict[str, Any]:
    require_scope(request.auth, ApiClient.Scope.TELEPHONY)
    return services.configuration()


@router.get("telephony/calls-to-end", response=ToEnd, summary="Calls of this gateway that have to end now")
def calls_to_end(request: ClientRequest) -> dict[str, Any]:
    require_scope(request.auth, ApiClient.Scope.TELEPHONY)
    return {
        "calls": [
            ids.encode("cl", pk) for pk in queries.to_end(request.auth).values_list("pk", flat=True)[:1000]
        ]
    }


@router.post("telephony/report", response={204: None}, summary="Report how the gateway does")
def report(request: ClientRequest, counts: ConnectorReport) -> Any:
    require_scope(request.auth, ApiClient.Scope.TELEPHONY)
    services.take_report(gateway=request.auth, **counts.model_dump())
    return Status(204, None)
