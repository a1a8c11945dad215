"""The dialler's API: ask the gate, take a call from a desk, report events, record opt-outs."""

import time
from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict, StringConstraints
from pydantic_core import to_json

from apps.accounts.api_auth import AnyKey, IdempotencyKey, RememberedKey, read_again, require_scope
from apps.accounts.models import ApiClient, User
from apps.accounts.request_types import ClientRequest
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.campaigns import queries as campaigns
from apps.campaigns.models import Campaign, QueueEntry
from apps.core.calendar import clock
from apps.core.calendar.timestamps import read_timestamp
from apps.core.errors import BadInput, HeguiError, NotFound
from apps.core.privacy.canonical_text import even
from apps.core.privacy.dialling import number_to_dial
from apps.core.web import ids
from apps.core.web.lenient_json import Lenient, reports_in, text_of, under_names
from apps.core.web.metrics import GATE_SECONDS
from apps.optouts.services import make_link

from . import rules, services
from .models import Call
from .queries import require_queued
from .services import client_budget
from .services.desk import KEPT

router = Router(tags=["calls"])
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00]*$")
]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class DecisionIn(Strict):
    campaign: Text = Field(examples=["retail-members"])
    contact: Text | None = Field(None, examples=["ct_1a"])
    phone: Text | None = Field(None, examples=["13800001234"])
    line: Text = Field(examples=["01085550101"])
    agent: Text | None = Field(None, examples=["agent"])


class Reason(Schema):
    """One refusal: the rule, the duty and the law behind it, and when it passes by itself, if that can be
    known."""

    code: str = Field(examples=["daily_cap"])
    duty: str = Field(examples=["R13"])
    law: str = Field(examples=["《在线外呼规范》"])
    message: dict[str, str] = Field(
        examples=[{"en": "The number has had its call for today, over all campaigns.", "zh": "…"}]
    )
    retry_at: datetime | None = Field(examples=["2026-11-25T00:00:00+08:00"])


class DecisionOut(Schema):
    decision: Literal["allow", "refuse"] = Field(examples=["allow"])
    decision_id: str = Field(examples=["dc_9k"])
    call: str | None = Field(examples=["cl_2f"])
    expires_at: datetime | None = Field(examples=["2026-11-24T02:01:00+00:00"])
    number: str | None = Field(None, examples=["+8613800001234"])
    script: str | None = Field(examples=["sv_3"])
    policy: int = Field(examples=[1])
    reasons: list[Reason] = Field(examples=[[]])
    not_applicable: list[str] = Field(examples=[[]])


class EventIn(Lenient):
    """Any type is taken for a value, so that no refusal is turned away for its form; what cannot be used is
    named in the answer."""

    event: Any = Field(None, description=f"One of: {', '.join(rules.EVENTS)}.", examples=["key"])
    at: Any = Field(
        None,
        description="RFC 3339 with offset; without one the site's zone is assumed.",
        examples=["2026-11-24T10:00:05+08:00"],
    )
    digit: Any = Field(
        "",
        description="What was pressed. A 9 in it opts out, whatever the event, also under other usual names.",
        examples=["9"],
    )


class CallState(Schema):
    """`end_requested` means: hang up."""

    call: str = Field(examples=["cl_2f"])
    state: str = Field(examples=["answered"])
    end_requested: bool = Field(examples=[True])
    opted_out: bool = Field(examples=[True])


class EventTaken(CallState):
    """`ignored` names what of the event could not be used: unknown fields, an impossible time (then it counts
    from now), or `digit`: key 9 in a call whose contact was deleted. Then nothing that the number's holder
    had agreed to counts any more; send the number to `optouts` to have it on the register."""

    ignored: list[str] = Field(examples=[[]])


class ClaimedCall(CallState):
    number: str | None = Field(examples=["+8613800001234"])
    line: str = Field(examples=["+861085550101"])
    campaign: str = Field(examples=["retail-members"])
    expires_at: datetime = Field(examples=["2026-11-24T02:01:00+00:00"])


class OptOutAsked(Lenient):
    """Any type is taken for a value, so that no refusal is turned away for its form; what cannot be used is
    named in the answer."""

    contact: Any = Field(None, description="A contact's id.", examples=["ct_1a"])
    phone: Any = Field(
        None,
        description="The number, as it is written. Several in one text are all taken.",
        examples=["13800001234"],
    )
    evidence: Any = Field(
        None,
        description="What shows the refusal; the same again for a number is one entry.",
        examples=["sms:20261124-17"],
    )
    said_at: Any = Field(
        None,
        description="RFC 3339 with offset; now when it cannot be true.",
        examples=["2026-11-24T10:00:05+08:00"],
    )
    scope: Any = Field(
        None, description="everything, purpose or brand; everything when it is none.", examples=["everything"]
    )
    scope_value: Any = Field(None, description="The code of the purpose, or the brand.", examples=[""])


class LinkAsked(Strict):
    contact: Text | None = Field(None, examples=["ct_1a"])
    phone: Text | None = Field(None, examples=["13800001234"])


class LinkMade(Schema):
    url: str = Field(examples=["https://hegui.example/o/3q2-7wAbCdEfGhIj/"])


class OptOutRecorded(Schema):
    opt_out: str = Field(examples=["oo_7"])
    opt_outs: list[str] = Field(examples=[["oo_7"]])
    recorded_at: datetime = Field(examples=["2026-11-24T02:00:06+00:00"])
    ignored: list[str] = Field(examples=[[]])


class CampaignRow(Schema):
    id: str = Field(examples=["cp_1"])
    code: str = Field(examples=["retail-members"])
    name: str = Field(examples=["会员续费回访"])
    kind: str = Field(examples=["marketing"])
    trade: str = Field(examples=["retail"])
    state: str = Field(examples=["running"])
    lines: list[str] = Field(examples=[["+861085550101"]])


class QueueRow(Schema):
    contact: str = Field(examples=["ct_1a"])
    phone: str = Field(examples=["138****1234"])
    priority: int = Field(examples=[0])


def _campaign(client: ApiClient, code: str) -> Campaign:
    campaign = campaigns.campaign_for_client(client, code)
    if campaign is None:
        raise NotFound()
    return campaign


def _state(call: Call) -> dict[str, Any]:
    return {
        "call": call.public_id,
        "state": call.state,
        "end_requested": call.end_requested_at is not None,
        "opted_out": call.opted_out_at is not None,
    }


@router.post(
    "calls/authorize", response=DecisionOut, auth=RememberedKey(), summary="Ask the gate and reserve the call"
)
def authorize(request: ClientRequest, asked: DecisionIn, key: IdempotencyKey = None) -> HttpResponse:
    """Refusals are answers (200) too. `number` is there on allow, for a key with the scope `dial`."""
    try:
        return _authorized(request.auth, asked, key)
    except HeguiError:
        if not request.auth.row_version:
            raise
    return _authorized(read_again(request), asked, key)  # the error may be that of a key that has changed


def _authorized(client: ApiClient, asked: DecisionIn, key: str | None) -> HttpResponse:
    require_scope(client, ApiClient.Scope.AUTHORIZE)
    agent = None
    if asked.agent is not None:
        agent = User.objects.filter(username=asked.agent, role=Role.AGENT).first()
        if agent is None:
            raise BadInput(_("agent: there is no agent of this name."))
    dials = ApiClient.Scope.DIAL in client.scopes
    phone = services.find_number(contact=asked.contact, phone=asked.phone)
    if asked.contact is not None:
        require_queued(client, campaign=asked.campaign, contact=asked.contact)
    if dials:
        client_budget.require_budget(client)
    elif asked.phone is not None:
        client_budget.require_unknown_budget(client)
    begun = time.perf_counter()
    answer = services.authorize(
        campaign=asked.campaign,
        phone=phone,
        line=asked.line,
        agent=agent,
        client=client,
        idempotency_key=(key or "").strip() or None,
        hands_over=dials,
        knows_number=asked.phone is not None,
    )
    GATE_SECONDS.labels("allowed" if answer.allowed else "refused").observe(time.perf_counter() - begun)
    if asked.phone is not None and "unknown_contact" in answer.codes:
        client_budget.note_unknown(client, phone)
    # Written as it is: checking our own answer against its description costs as much as judging the call.
    payload = {**answer.as_json(), "number": number_to_dial(phone) if answer.hands_over else None}
    return HttpResponse(to_json(payload), content_type="application/json")


@router.post(
    "calls/claim",
    response={200: ClaimedCall, 204: None},
    summary="Take the next call that an agent started at a desk",
)
def claim(request: ClientRequest, key: IdempotencyKey = None) -> Any:
    """The same Idempotency-Key again gets the same call, as long as it may still be made."""
    client = request.auth
    require_scope(client, ApiClient.Scope.DIAL)
    claimed = services.claim_call(client=client, key=(key or "").strip() or None)
    if claimed is None:
        return HttpResponse(status=204)
    call, phone = claimed
    return {
        **_state(call),
        "number": number_to_dial(phone),
        "line": call.line.number,
        "campaign": call.campaign.code,
        "expires_at": call.reserved_until,
    }


@router.get("calls/{call_id}", response=CallState, summary="How a call stands, and whether to end it")
def call_state(request: ClientRequest, call_id: str) -> dict[str, Any]:
    call = Call.objects.filter(pk=ids.decode("cl", call_id)).first()
    if call is None or not call.is_of(request.auth):
        raise NotFound()
    return _state(call)


@router.post(
    "calls/{call_id}/events", response=EventTaken, summary="Report what happened in a call; key 9 opts out"
)
def event(request: ClientRequest, call_id: str, report: EventIn, key: AnyKey = None) -> dict[str, Any]:
    """Reporting an event twice, late or out of order does no harm. `released`: the number was not dialled.
    Any other event says that it was, and the call counts. When the answer has `end_requested`, hang up."""
    client = request.auth
    require_scope(client, ApiClient.Scope.EVENTS)
    answers, errors = [], []
    for each in reports_in(report.model_dump(exclude_unset=True), ("event",), tuple(rules.PRESSED)):
        try:
            answers.append(_take_event(client, call_id, each))
        except BadInput as error:  # the others are taken: a 9 behind an event that does not exist is a 9
            errors.append(error)
    if not answers:
        raise errors[0]
    ignored = [name for each in answers for name in each["ignored"]] + ["event"] * bool(errors)
    return {**answers[-1], "ignored": list(dict.fromkeys(ignored))}


def _take_event(client: ApiClient, call_id: str, said: dict[str, Any]) -> dict[str, Any]:
    name = even(text_of(under_names(said, ("event",)))).strip().lower()
    pressed = rules.pressed_in(said, event=name)
    keys = list(pressed.values())
    if name not in rules.EVENTS and rules.speaks_of_a_key(name):
        keys.append(name)  # "dtmf-9"
    if not pressed and rules.speaks_of_a_key(name):
        keys += rules.pressed_anywhere(said)
    name = name or ("key" if pressed else "")
    if name not in rules.EVENTS and rules.holds_opt_out_key(keys):
        name = "key"
    at_text = under_names(said, ("at",))
    at = read_timestamp(at_text, now=clock.now())
    taken = services.record_event(
        call_id=ids.decode("cl", call_id), event=name, client=client, at=at, digit=keys
    )
    impossible = ["at"] if at_text is not None and at is None else []
    if rules.speaks_of_a_key(name) and not keys:
        impossible.append("digit")
    unknown = sorted(
        field for field in said if field not in pressed and field.lower() not in EventIn.model_fields
    )
    ignored = [*impossible, *taken.ignored, *unknown]
    return {**_state(taken.call), "ignored": list(dict.fromkeys(ignored))}


@router.post("opt-outs", response={201: OptOutRecorded}, summary="Put a number on the register")
def opt_out(request: ClientRequest, asked: OptOutAsked, key: AnyKey = None) -> Any:
    """The same number with the same evidence is one entry, with or without an Idempotency-Key."""
    client = request.auth
    require_scope(client, ApiClient.Scope.OPT_OUTS)
    recorded, ignored = services.take_opt_out(client=client, said=asked.model_dump(exclude_unset=True))
    ids_made = [each.public_id for each in recorded]
    return Status(
        201,
        {
            "opt_out": ids_made[0],
            "opt_outs": ids_made,
            "recorded_at": recorded[0].created_at,
            "ignored": ignored,
        },
    )


@router.post("opt-outs/links", response={201: LinkMade}, summary="A web address by which one number opts out")
def opt_out_link(request: ClientRequest, asked: LinkAsked, key: IdempotencyKey = None) -> Any:
    """For a message or a letter. It works for as long as the register does, also when the contact was
    erased."""
    client = request.auth
    require_scope(client, ApiClient.Scope.OPT_OUTS)
    word = make_link(
        phone=services.find_number(contact=asked.contact, phone=asked.phone),
        client=client,
        idempotency_key=key or None,
    )
    return Status(201, {"url": request.build_absolute_uri(reverse("leave", kwargs={"word": word}))})


@router.get("campaigns", response=list[CampaignRow], summary="The campaigns of this key")
def list_campaigns(request: ClientRequest) -> list[dict[str, Any]]:
    rows = Campaign.objects.filter(clients=request.auth).prefetch_related("lines").order_by("pk")
    return [
        {
            "id": row.public_id,
            "code": row.code,
            "name": row.name,
            "kind": row.kind,
            "trade": row.trade,
            "state": row.state,
            "lines": [line.number for line in row.lines.all()],
        }
        for row in rows
    ]


@router.get("campaigns/{code}/queue", response=list[QueueRow], summary="Who waits to be called, masked")
def queue(request: ClientRequest, code: str) -> list[dict[str, Any]]:
    require_scope(request.auth, ApiClient.Scope.AUTHORIZE)
    campaign = _campaign(request.auth, code)
    now = clock.now()
    waiting = campaign.entries.filter(state=QueueEntry.State.WAITING).filter(
        Q(not_before__isnull=True) | Q(not_before__lte=now)
    )
    waiting = waiting.exclude(postponed__at__gt=now - KEPT)  # an agent promised to call back
    rows = list(waiting.select_related("contact").order_by("-priority", "pk")[:100])
    record_access(
        kind=AccessEvent.Kind.VIEWED,
        subject=campaign.public_id,
        purpose="queue",
        count=len(rows),
        client=request.auth,
    )
    return [
        {"contact": row.contact.public_id, "phone": str(row.contact.phone), "priority": row.priority}
        for row in rows
    ]
