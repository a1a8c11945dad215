"""Contacts from a CRM or an ERP: by the ids that it gives them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Field, Header, Path, Query, Router, Schema, Status
from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from apps.accounts.api_auth import AnyKey, IdempotencyKey, require_scope
from apps.accounts.models import ApiClient
from apps.accounts.request_types import ClientRequest
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.errors import BadInput, HeguiError
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected
from apps.core.web.invalid_bodies import why_invalid
from apps.core.web.lenient_json import ITEMS, Lenient, plain_name, text_of, texts_under, under_names

from .models import Contact, ExternalRef, Purpose
from .services import syncing
from .services.syncing import ContactRecord, GivenConsent

router = Router(tags=["contacts"])
MOST_ITEMS = 1_000
CONSENTS = "consents__purpose"
EXTERNAL_ID = gettext_lazy(
    "An id has 1 to 64 letters or digits, of any script, with . _ : - / @ between them."
)
_ID = re.compile(r"\w[\w.:/@\-]{0,63}")


def checked_id(text: str) -> str:
    """An id of another system. The sentence is the same in the path and in a bulk."""
    if _ID.fullmatch(text) is None:
        raise PydanticCustomError("external_id", "{sentence}", {"sentence": str(EXTERNAL_ID)})
    return text


ExternalId = Annotated[str, AfterValidator(checked_id)]
InPath = Annotated[str, Path(examples=["crm-1017"]), AfterValidator(checked_id)]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=800)]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=800)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")]
Said = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")
]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class ConsentIn(Strict):
    purpose: Said = Field(examples=["membership"])
    channel: Literal["web", "voice", "paper", "crm"] = Field(examples=["web"])
    given_at: AwareDatetime = Field(examples=["2026-07-16T10:00:00+08:00"])
    evidence: Said = Field(examples=["crm:consent/88231"])
    wording_version: Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00]*$")] = Field(
        "", examples=["1"]
    )
    recipient: Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00]*$")] = Field(
        "", examples=[""]
    )


class ContactChanged(Strict):
    """What is left out stays as it is."""

    phone: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00]*$")] | None = (
        Field(None, examples=["13800001234"])
    )
    name: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")] | None = Field(
        None, examples=["王小明"]
    )
    tags: (
        Annotated[list[Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]], Field(max_length=20)] | None
    ) = Field(None, examples=[["老客户"]])
    note: Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[^\x00]*$")] | None = Field(
        None, examples=["下午联系"]
    )
    source: Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00]*$")] | None = Field(
        None, examples=["members-web"]
    )
    consents: Annotated[list[ConsentIn], Field(max_length=20)] = Field([], examples=[[]])
    minor: Line = Field("", examples=[""])
    list: Line = Field("", examples=["retail-members"])

    def as_record(self) -> ContactRecord:
        """Raises `PhoneInvalid`, `PersonalDataFound`."""
        texts = [
            self.name or "",
            self.note or "",
            *(self.tags or ()),
            self.minor,
            *(each.evidence for each in self.consents),
        ]
        result = ContactRecord(
            phone=Protected(phones.normalise(self.phone), "phone") if self.phone else None,
            name=Protected(self.name, "name") if self.name else None,
            tags=tuple(dict.fromkeys(tag.strip() for tag in self.tags if tag.strip()))
            if self.tags is not None
            else None,
            note=Protected(self.note, "text") if self.note else None,
            source=self.source,
            consents=[GivenConsent(**each.model_dump()) for each in self.consents],
            minor=self.minor,
            list_code=self.list,
        )
        syncing.check_record(result, texts)
        return result


class ContactIn(ContactChanged):
    """The whole contact: what is left out becomes empty, but for consents, which are only added."""

    phone: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00]*$")] = Field(
        examples=["13800001234"]
    )
    source: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00]*$")] = Field(
        examples=["members-web"]
    )


class ConsentKept(Schema):
    purpose: str = Field(examples=["membership"])
    recipient: str = Field(examples=[""])
    channel: str = Field(examples=["web"])
    given_at: datetime = Field(examples=["2026-07-16T10:00:00+08:00"])
    expires_at: datetime = Field(examples=["2027-07-16T10:00:00+08:00"])
    withdrawn_at: datetime | None = Field(examples=[None])


class ContactKept(Schema):
    """Values under their masks: your system has them in clear. Consents: those that you recorded."""

    external_id: str = Field(examples=["crm-1017"])
    contact: str = Field(examples=["ct_1a"])
    phone: str = Field(examples=["138****1234"])
    name: str = Field(examples=["王*"])
    tags: list[str] = Field(examples=[["老客户"]])
    source: str = Field(examples=["members-web"])
    minor: bool = Field(examples=[False])
    state: Literal["kept", "erasing"] = Field(examples=["kept"])
    deleted_after: datetime = Field(examples=["2027-07-16T10:00:00+08:00"])
    etag: str = Field(examples=['"9f86d081884c7d65"'])
    consents: list[ConsentKept]


class ContactsPage(Schema):
    contacts: list[ContactKept]
    after: int = Field(examples=[17])
    has_more: bool = Field(examples=[False])


class BulkContactIn(ContactIn):
    external_id: ExternalId = Field(examples=["crm-1017"])


@dataclass(frozen=True)
class RefusedItem:
    """An item that has not the form of a contact."""

    external_id: str
    error: HeguiError


def _read_or_refused(item: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(item)
    except ValidationError as error:
        name = item.get("external_id") if isinstance(item, dict) else None
        shown = name if isinstance(name, str) and _ID.fullmatch(name) else ""
        _found, why = why_invalid(error.errors())
        return RefusedItem(shown, BadInput("%(why)s", why=why))


class Items(Strict):
    items: Annotated[
        list[Annotated[BulkContactIn, WrapValidator(_read_or_refused)]],
        Field(min_length=1, max_length=MOST_ITEMS),
    ]


class Result(Schema):
    external_id: str = Field(
        examples=["crm-1017"], description="Empty for an item whose id cannot be used; results are in order."
    )
    status: Literal["created", "updated", "unchanged", "refused"] = Field(examples=["created"])
    contact: str | None = Field(None, examples=["ct_1a"])
    code: str | None = Field(None, examples=["phone_invalid"])
    detail: str | None = Field(None, examples=["10 digits; a mainland mobile has 11."])


class Results(Schema):
    results: list[Result]


class Withdrawal(Lenient):
    """Any type is taken for a value, so that no withdrawal is turned away for its form; what cannot be used
    is named in the answer."""

    purpose: Any = Field(
        None,
        description="The code of a purpose; all of them when it is none of ours.",
        examples=["membership"],
    )
    how: Any = Field(None, description="How the person said so.", examples=["客户在会员中心关闭了营销来电"])


NOTHING_SAID = Withdrawal.model_validate({})
ABOUT_WITHDRAWAL = ("how", "reason", "evidence", "note")


class Withdrawn(Schema):
    withdrawn: int = Field(examples=[1])
    ignored: list[str] = Field(examples=[[]])


def _shown(client: ApiClient, contact: Contact, external_id: str) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "contact": contact.public_id,
        "phone": str(contact.phone),
        "name": str(contact.name or ""),
        "tags": contact.tags,
        "source": contact.source.code,
        "minor": contact.is_minor,
        "state": "erasing" if contact.erasing_at else "kept",
        "deleted_after": contact.expires_at,
        "etag": _quoted(contact),
        "consents": [
            {**{name: getattr(each, name) for name in ("recipient", "channel", "given_at", "expires_at",
            "withdrawn_at")},
             "purpose": each.purpose.code}
            for each in sorted(contact.consents.all(), key=lambda consent: consent.pk)
            if each.client_id == client.pk
        ],
    }  # fmt: skip


def _quoted(contact: Contact) -> str:
    return f'"{syncing.etag_of(contact)}"'


def _etags(if_match: str | None) -> frozenset[str]:
    """The tags of an `If-Match`, without their quotes; "*" for any state; none where there is no such
    header."""
    tags = parse_etags(if_match or "")
    if if_match and not tags:
        raise BadInput(_('Send If-Match as you got it: one ETag in double quotes, or "*".'))
    # weak, or marked, by what compresses on the way
    return frozenset(re.sub(r'^(?:W/)?"|(?:-[a-z]+)?"$', "", tag) for tag in tags)


def _answer(
    request: ClientRequest, response: HttpResponse, contact: Contact, external_id: str
) -> dict[str, Any]:
    prefetch_related_objects([contact], CONSENTS)
    response["ETag"] = _quoted(contact)
    return _shown(request.auth, contact, external_id)


@router.get(
    "contacts",
    response=ContactsPage,
    summary="The contacts that you named, in the order in which you named them first",
)
def list_contacts(
    request: ClientRequest,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Begin with `after=0` and go on with the `after` of the last answer."""
    client = request.auth
    require_scope(client, ApiClient.Scope.CONTACTS)
    named = (
        ExternalRef.objects.filter(client=client, pk__gt=after)
        .select_related("contact__source")
        .order_by("pk")
    )
    refs = list(named.prefetch_related(f"contact__{CONSENTS}")[: limit + 1])
    shown, has_more = refs[:limit], len(refs) > limit
    record_access(
        kind=AccessEvent.Kind.VIEWED, subject="contact:list", purpose="sync", count=len(shown), client=client
    )
    return {
        "contacts": [_shown(client, ref.contact, ref.external_id) for ref in shown],
        "after": shown[-1].pk if shown else after,
        "has_more": has_more,
    }


@router.post("contacts", response=Results, summary="Up to 1,000 contacts at once, with a result for each")
def post_contacts(request: ClientRequest, payload: Items, key: IdempotencyKey = None) -> dict[str, Any]:
    """Each item is what `PUT` takes, with its `external_id`, and is stored or refused by itself. The same
    again changes nothing."""
    client = request.auth
    require_scope(client, ApiClient.Scope.CONTACTS)
    read = [(item.external_id, _record_of(item)) for item in payload.items]
    stored = iter(
        syncing.put_contacts(
            client=client, items=[(name, each) for name, each in read if isinstance(each, ContactRecord)]
        )
    )
    return {
        "results": [
            _result(name, next(stored) if isinstance(each, ContactRecord) else each) for name, each in read
        ]
    }


def _record_of(item: BulkContactIn | RefusedItem) -> ContactRecord | HeguiError:
    if isinstance(item, RefusedItem):
        return item.error
    try:
        return item.as_record()
    except HeguiError as error:
        return error


def _result(external_id: str, became: tuple[Contact, str] | HeguiError) -> dict[str, Any]:
    if isinstance(became, HeguiError):
        return {"external_id": external_id, "status": "refused", "code": became.code, "detail": str(became)}
    contact, outcome = became
    return {"external_id": external_id, "status": outcome, "contact": contact.public_id}


@router.post(
    "contacts/{path:external_id}/withdrawals",
    response=Withdrawn,
    summary="Withdraw the person's consents: at once",
)
def post_withdrawal(
    request: ClientRequest, external_id: InPath, payload: Withdrawal = NOTHING_SAID, key: AnyKey = None
) -> dict[str, Any]:
    """For one purpose, or for all without one. No marketing call stands on them from the moment of this
    answer."""
    require_scope(request.auth, ApiClient.Scope.CONTACTS)
    said = payload.model_dump(exclude_unset=True)
    asked, how = text_of(under_names(said, ("purpose",))), "; ".join(texts_under(said, ABOUT_WITHDRAWAL))
    purpose = Purpose.objects.filter(code__iexact=asked).first() if asked else None
    withdrawn = syncing.withdraw(client=request.auth, external_id=external_id, purpose=purpose, how=how)
    unknown = {name for name in said if plain_name(name) not in {ITEMS, "purpose", *ABOUT_WITHDRAWAL}}
    return {
        "withdrawn": withdrawn,
        "ignored": sorted(unknown | ({"purpose"} if asked and purpose is None else set())),
    }


@router.get("contacts/{path:external_id}", response=ContactKept, summary="One contact, masked, with its ETag")
def get_contact(request: ClientRequest, response: HttpResponse, external_id: InPath) -> dict[str, Any]:
    require_scope(request.auth, ApiClient.Scope.CONTACTS)
    ref = syncing.find_ref(request.auth, external_id)
    record_access(
        kind=AccessEvent.Kind.VIEWED, subject=ref.contact.public_id, purpose="sync", client=request.auth
    )
    return _answer(request, response, ref.contact, external_id)


@router.put(
    "contacts/{path:external_id}",
    response={200: ContactKept, 201: ContactKept},
    summary="Create a contact, or replace what is known of it",
)
def put_contact(
    request: ClientRequest,
    response: HttpResponse,
    external_id: InPath,
    payload: ContactIn,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Any:
    """With `If-Match` only while the contact is as you read it, with `If-None-Match: *` only where there is
    none of this id yet (412 otherwise)."""
    require_scope(request.auth, ApiClient.Scope.CONTACTS)
    contact, outcome = syncing.put_contact(
        client=request.auth,
        external_id=external_id,
        payload=payload.as_record(),
        if_match=_etags(if_match),
        is_new=(if_none_match or "").strip() == syncing.ANY,
    )
    return Status(201 if outcome == "created" else 200, _answer(request, response, contact, external_id))


@router.patch(
    "contacts/{path:external_id}", response=ContactKept, summary="Change some of what is known of a contact"
)
def patch_contact(
    request: ClientRequest,
    response: HttpResponse,
    external_id: InPath,
    payload: ContactChanged,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    require_scope(request.auth, ApiClient.Scope.CONTACTS)
    contact, _outcome = syncing.put_contact(
        client=request.auth,
        external_id=external_id,
        payload=payload.as_record(),
        if_match=_etags(if_match),
        partial=True,
    )
    return _answer(request, response, contact, external_id)


@router.delete(
    "contacts/{path:external_id}",
    response={202: ContactKept},
    summary="Delete a contact: calling stops now, its erasure begins",
)
def delete_contact(
    request: ClientRequest, response: HttpResponse, external_id: InPath, if_match: IfMatch = None
) -> Any:
    """404 once it is gone; `contact.erased` is sent to your end point then. A legal hold keeps it, and it is
    not called meanwhile."""
    require_scope(request.auth, ApiClient.Scope.CONTACTS)
    contact = syncing.delete_contact(client=request.auth, external_id=external_id, if_match=_etags(if_match))
    return Status(202, _answer(request, response, contact, external_id))
