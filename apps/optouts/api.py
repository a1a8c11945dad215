"""The register for programs: messages that come in, the feed of changes, lists held against it."""

import csv
import io
from datetime import datetime
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpResponse
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict, StringConstraints
from pydantic_core import to_json

from apps.accounts.api_auth import AnyKey, IdempotencyKey, require_scope
from apps.accounts.models import ApiClient
from apps.accounts.request_types import ClientRequest
from apps.core.calendar import clock
from apps.core.calendar.timestamps import read_timestamp
from apps.core.errors import HeguiError, NotFound
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected
from apps.core.web import ids
from apps.core.web.lenient_json import Lenient, leaves, reports_in, text_of, texts_under, under_names

from . import services
from .models import Scrub
from .rules import reading_of

router = Router(tags=["opt-outs"])
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00]*$")
]
# What the gateway sends back, in the channel's own form.
ANSWER = "您已退订，我们不再致电或发送短信。"


class MessageIn(Lenient):
    """Any type is taken for a value, so that no refusal is turned away for its form; what cannot be used is
    named in the answer."""

    sender: Any = Field(
        None, alias="from", description="The number that sent the message.", examples=["13800001234"]
    )
    text: Any = Field(None, description="What it says.", examples=["TD"])
    message_id: Any = Field(
        "", description="The gateway's id: the same again changes nothing.", examples=["gw-20261124-000017"]
    )
    sent_at: Any = Field(
        None,
        description="RFC 3339 with offset; now when it cannot be true.",
        examples=["2026-11-24T10:00:05+08:00"],
    )


# What other gateways call the same, as `plain_name` has it.
SENDER = (
    "from", "sender", "msisdn", "mobile", "phone", "number", "phones", "numbers", "mobiles", "phonenumber",
    "mobilenumber", "fromnumber",
    "sendernumber", "srcid", "手机号", "手机号码", "号码", "发送方",
)  # fmt: skip
TEXT = (
    "text",
    "content",
    "body",
    "message",
    "msg",
    "sms",
    "smscontent",
    "msgcontent",
    "mo",
    "reply",
    "内容",
    "短信内容",
    "回复",
)
ABOUT = ("messageid", "sentat")
WEIGHT = ("refusal", "near", "other")
NOT_TAKEN: dict[str, Any] = {
    "reading": "other",
    "opt_out": None,
    "recorded_at": None,
    "answer": None,
    "ignored": [],
}


class OneMessageTaken(Schema):
    reading: Literal["refusal", "near", "other"] = Field(examples=["refusal"])
    opt_out: str | None = Field(examples=["oo_7"])
    recorded_at: datetime | None = Field(examples=["2026-11-24T02:00:06+00:00"])
    answer: str | None = Field(examples=[ANSWER])
    ignored: list[str] = Field(examples=[[]])
    code: str | None = Field(None, description="Why this message was not taken.", examples=[None])
    detail: str | None = Field(None, examples=[None])


class MessageTaken(OneMessageTaken):
    messages: list[OneMessageTaken] = Field(description="One for each message of the request, in its order.")


@router.post(
    "sms", response=MessageTaken, summary="Take in a short message: TD, T, 退订 and the like opt out"
)
def sms(request: ClientRequest, message: MessageIn, key: AnyKey = None) -> dict[str, Any]:
    """A refusal has taken effect when this answers. `near`: it may be one, the number is blocked and a person
    reads it. The same `message_id` again changes nothing. `answer` is what to send back, if anything.

    Several messages in one request are taken each by itself; what is said of the request is what is said of
    its first refusal. It is refused as a whole only where none of them could be taken."""
    client = request.auth
    require_scope(client, ApiClient.Scope.OPT_OUTS)
    said = message.model_dump(by_alias=True, exclude_unset=True)
    taken, errors = [], []
    for each in reports_in(said, SENDER, TEXT):
        try:
            with transaction.atomic():
                taken.append(_take(client, each))
        except HeguiError as error:
            errors.append(error)
            taken.append({**NOT_TAKEN, "code": error.code, "detail": str(error)})
    if len(errors) == len(taken):
        raise errors[0]
    by_weight = sorted(taken, key=lambda one: (one["code"] is not None, WEIGHT.index(one["reading"])))
    return {**by_weight[0], "messages": taken}


def _take(client: ApiClient, said: dict[str, Any]) -> dict[str, Any]:
    """One message, whoever sent it; every number that stands as its sender."""
    senders, text = texts_under(said, SENDER), _words(said)
    sent_at_text, message_id = under_names(said, ("sentat",)), text_of(under_names(said, ("messageid",)))
    sent_at = read_timestamp(sent_at_text, now=clock.now())
    is_lost = {
        "from": any(phones.has_unread(each) for each in senders),
        "sent_at": sent_at_text is not None and sent_at is None,
        "message_id": not message_id,
    }
    all_taken = [
        services.take_message(
            client=client,
            sender=Protected(number, "phone"),
            text=text,
            message_id=message_id
            or services.id_of_message(Protected(number, "phone"), text, text_of(sent_at_text)),
            sent_at=sent_at,
        )
        for number in _numbers(senders)
    ]
    taken = all_taken[0]
    entry = taken.opt_out
    known = {*SENDER, *TEXT, *ABOUT}
    return {
        "reading": taken.reading,
        "opt_out": entry.public_id if entry else None,
        "recorded_at": entry.created_at if entry else None,
        "answer": ANSWER if taken.reading == "refusal" else None,
        "code": None,
        "detail": None,
        "ignored": [name for name, lost in is_lost.items() if lost]
        + sorted(
            name
            for name, value in said.items()
            if not {plain for plain, _text in leaves({name: value})} <= known
        ),
    }


def _numbers(senders: list[str]) -> list[str]:
    """Every number that stands as the sender. Raises `PhoneInvalid`, which says why there is none."""
    found = dict.fromkeys(number for text in senders for number in phones.numbers_of_refusal(text))
    return list(found) or [phones.normalise(senders[0] if senders else "")]


def _words(said: dict[str, Any]) -> str:
    """The text; of several the first that refuses. What stands under no name of ours is read where nothing
    else is."""
    texts = texts_under(said, TEXT) or [text for name, text in leaves(said) if name not in {*SENDER, *ABOUT}]
    return next((text for text in texts if reading_of(text) != "other"), " ".join(texts))


class ChangeRow(Schema):
    position: int = Field(examples=[17])
    kind: Literal["refused", "lifted", "dismissed"] = Field(examples=["refused"])
    hash: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    key: str = Field(examples=["k1"])
    scope: str = Field(examples=["everything"])
    scope_value: str = Field(examples=[""])
    said_at: datetime = Field(examples=["2026-11-24T02:00:05+00:00"])
    recorded_at: datetime = Field(examples=["2026-11-24T02:00:06+00:00"])
    number: str | None = Field(None, examples=["+8613800001234"])


class Changes(Schema):
    changes: list[ChangeRow]
    after: int = Field(examples=[17])
    has_more: bool = Field(examples=[False])


@router.get(
    "opt-outs/changes", response=Changes, summary="What changed in the register, in one order, without a gap"
)
def changes(
    request: ClientRequest,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
) -> HttpResponse:
    """Begin with `after=0` and go on with the `after` of the last answer. A refusal counts until a `lifted`
    behind it (of refusals said before its `said_at`) or a `dismissed` of the same hash. Hashes are those of
    `POST opt-outs/hashes`. `number`: for a client with the scope `numbers`, where the entry is of a contact
    of its campaigns that is still here."""
    client = request.auth
    require_scope(client, ApiClient.Scope.FEED)
    result = services.changes(client=client, after=after, most=limit)
    # Written as it is: checking 10,000 rows of our own costs more than reading them.
    body = {
        "changes": [vars(row) for row in result],
        "after": result[-1].position if result else after,
        "has_more": len(result) == limit,
    }
    return HttpResponse(to_json(body), content_type="application/json; charset=utf-8")


class NumbersToHash(Schema):
    model_config = ConfigDict(extra="forbid")

    numbers: Annotated[
        list[Annotated[str, StringConstraints(max_length=30, pattern=r"^[^\x00]*$")]],
        Field(min_length=1, max_length=10_000),
    ] = Field(examples=[["13800001234"]])


class HashesIn(Schema):
    hashes: list[dict[str, str] | None] = Field(
        examples=[[{"k1": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]]
    )


@router.post(
    "opt-outs/hashes", response=HashesIn, summary="The hashes by which your customers are found in the feed"
)
def hashes(request: ClientRequest, asked: NumbersToHash, key: IdempotencyKey = None) -> dict[str, Any]:
    """Ask once for each customer, keep the answer beside the customer, compare with the feed: a customer has
    opted out when one of the hashes stands there. It says nothing about whether a number is on the register.
    null: no phone number."""
    client = request.auth
    require_scope(client, ApiClient.Scope.FEED)
    return {"hashes": services.hashes_for(client=client, numbers=asked.numbers)}


class ScrubAsked(Schema):
    model_config = ConfigDict(extra="forbid")

    numbers: Annotated[
        list[Annotated[str, StringConstraints(max_length=30, pattern=r"^[^\r\n\x00]*$")]],
        Field(max_length=100_000),
    ] = Field(examples=[["13800001234", "13800005678"]])
    purpose: Text = Field(examples=["monthly clean-up of the CRM"])


class ScrubState(Schema):
    scrub: str = Field(examples=["su_7"])
    state: str = Field(examples=["done"])
    rows: int = Field(examples=[120])
    opted_out: int | None = Field(examples=[4])
    without_number: int | None = Field(examples=[0])
    results: list[Literal["yes", "no", "no number"]] | None = Field(examples=[["yes", "no"]])


@router.post(
    "scrubs", response={202: ScrubState}, summary="Hold a list of at least 100 numbers against the register"
)
def scrub(request: ClientRequest, asked: ScrubAsked, key: IdempotencyKey = None) -> Any:
    """Ask again under `GET scrubs/{id}` until it is done. The list is erased afterwards; the results are kept
    for a day."""
    client = request.auth
    require_scope(client, ApiClient.Scope.SCRUB)
    content = "\n".join(["phone", *map(_cell, asked.numbers)]).encode()
    made = services.ask_scrub(
        actor=client.owner,
        client=client,
        file_name="api",
        content=content,
        purpose=asked.purpose,
        idempotency_key=key or None,
    )
    return Status(202, _scrub_state(made))


def _cell(number: str) -> str:
    """A row for each number, one that is blank or holds signs that end a line too: the results stand in their
    order."""
    return '"' + (" ".join(number.replace('"', "").split()) or "-") + '"'


@router.get("scrubs/{scrub_id}", response=ScrubState, summary="How far a list is, and what came out")
def scrub_state(request: ClientRequest, scrub_id: str) -> dict[str, Any]:
    """`results` in the order of the numbers, once it is done."""
    require_scope(request.auth, ApiClient.Scope.SCRUB)
    found = (
        Scrub.objects.select_related("job").filter(pk=ids.decode("su", scrub_id), client=request.auth).first()
    )
    if found is None:
        raise NotFound()
    return _scrub_state(found)


def _scrub_state(made: Scrub) -> dict[str, Any]:
    result = (
        [row[-1] for row in csv.reader(io.StringIO(services.result_of(made).decode(), newline=""))][1:]
        if made.result
        else None
    )
    return {
        "scrub": made.public_id,
        "state": made.job.state,
        "rows": made.rows,
        "opted_out": made.opted_out,
        "without_number": made.without_number,
        "results": result,
    }
