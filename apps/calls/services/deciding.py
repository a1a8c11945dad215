"""The doors of the gate: `authorize` decides and reserves a call, `preview` only asks.

Order of work in one transaction: lock the number, load the facts, judge, store the decision
and, if allowed, the reservation, commit.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property, lru_cache
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from apps.accounts.models import ApiClient, User
from apps.audit.models import AccessEvent
from apps.audit.services import event_of_client
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.crypto.blind_index import Phone
from apps.core.database.prepared_statements import Step, have_connection, run_together
from apps.core.errors import BadInput, KeyReused, NotFound, WrongState
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected
from apps.core.web import ids

from ..gate import loading
from ..gate.rules import RULES, Verdict, judge
from ..models import Call, Decision
from .spoofing import report_spoofing

LONG_WAIT = timedelta(milliseconds=250)
LANGUAGES = {"en": "en", "zh": "zh-hans"}


@cache
def _messages(code: str) -> dict[str, str]:
    said = {}
    for name, language in LANGUAGES.items():
        with override(language):
            said[name] = str(RULES[code].sentence)
    return said


def explain_codes(codes: list[str], retry_at: dict[str, str]) -> list[dict[str, Any]]:
    """Each refusal as pages and the API tell it: rule, duty, law, sentences, when it passes."""
    return [
        {
            "code": code,
            "duty": RULES[code].duty,
            "law": str(RULES[code].law),
            "message": _messages(code),
            "retry_at": retry_at.get(code),
        }
        for code in codes
    ]


@dataclass(frozen=True)
class Answer:
    """What the gate says, ready to be returned. A preview has no `decision_id`: it was not stored."""

    decision: str
    decision_id: str | None
    call_id: int | None
    expires_at: datetime | None
    script: str | None
    policy: int
    reasons: list[dict[str, Any]]
    not_applicable: list[str]
    hands_over: bool = False  # the number may be given to the client that dials: the trail knows

    @property
    def allowed(self) -> bool:
        return self.decision == "allow"

    @property
    def codes(self) -> list[str]:
        return [reason["code"] for reason in self.reasons]

    def as_json(self) -> dict[str, Any]:
        return {
            "decision": self.decision,
            "decision_id": self.decision_id,
            "call": ids.encode("cl", self.call_id) if self.call_id else None,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "script": self.script,
            "policy": self.policy,
            "reasons": self.reasons,
            "not_applicable": self.not_applicable,
        }


@lru_cache(maxsize=1024)
def stored_line(text: str) -> str:
    """A caller number as lines are stored; text that is no number stays as it is and matches none."""
    try:
        return phones.normalise_line(text)
    except phones.PhoneInvalid:
        return text[:20]


@dataclass(frozen=True)
class Question:
    """What is asked of the gate: may this number be called, for this campaign, from this line?"""

    campaign: str
    phone: Phone
    line: str
    agent: User | None = None
    checklist_done: bool | None = None

    @cached_property
    def index(self) -> bytes:
        return blind_index.number_index(self.phone)

    @property
    def agent_id(self) -> int | None:
        return self.agent.pk if self.agent else None

    @property
    def line_number(self) -> str:
        return stored_line(self.line)

    @property
    def digest(self) -> bytes:
        """Tells whether two requests asked the same."""
        asked = [self.campaign, self.index.hex(), self.line_number, self.agent_id]
        return hashlib.sha256(json.dumps(asked).encode()).digest()

    def asked(
        self,
        *,
        client: ApiClient | None = None,
        idempotency_key: str | None = None,
        hands_over: bool = False,
        knows_number: bool = False,
    ) -> loading.Asked:
        return loading.Asked(
            campaign=self.campaign,
            index=self.index,
            register=list(blind_index.register_hashes(self.phone).values()),
            number_zones=phones.zones_of(self.phone),
            line=self.line_number,
            agent_id=self.agent_id,
            client_id=client.pk if client else None,
            client_version=client.row_version if client else "",
            idempotency_key=idempotency_key,
            checklist_done=self.checklist_done,
            hands_over=hands_over,
            knows_number=knows_number,
        )


def find_number(*, contact: str | None = None, phone: str | None = None) -> Protected:
    """The number that a request means, by contact id or as digits.

    Raises `BadInput` (`phone_invalid` among them) and `NotFound` for an unknown contact.
    """
    if (contact is None) == (phone is None):
        raise BadInput(_("Name either the contact or the phone."))
    if phone is not None:
        return Protected(phones.normalise(phone), "phone")
    found = Contact.objects.filter(pk=ids.decode("ct", str(contact))).only("phone").first()
    if found is None:
        raise NotFound()
    return found.phone


def preview(
    *, campaign: str, phone: Phone, line: str, agent: User | None = None, at: datetime | None = None
) -> Answer:
    """What the gate would say now, for lists and pages: nothing is locked, reserved or stored."""
    now = clock.now()
    asked = Question(campaign, phone, line, agent).asked()
    loaded, _decided = loading.load(asked, at=at or now, now=now)
    return _answer(loaded, judge(loaded.facts))


def authorize(
    *,
    campaign: str,
    phone: Phone,
    line: str,
    agent: User | None = None,
    client: ApiClient | None = None,
    at: datetime | None = None,
    reserve: bool = True,
    checklist_done: bool | None = None,
    idempotency_key: str | None = None,
    hands_over: bool = False,
    knows_number: bool = False,
) -> Answer:
    """Ask whether `phone` may be called now, and reserve the call when it may.

    `campaign` is a code, `line` the caller number. `at` is an aware moment, by default the one at which the
    number's lock is held. Raises `NotFound` for an unknown campaign, and for a client that is not what was
    remembered of it (`row_version`), and `KeyReused`; every refusal is an answer, not an error.

    `hands_over` says that the client will be given the number of an allowed call; that is in the trail with
    the decision. `knows_number` says that who asks named the number and has it anyway. Either way the
    reservation counts from now on: the number may be dialled.
    """
    question = Question(campaign, phone, line, agent, checklist_done)
    client_id = client.pk if client else None
    asked = question.asked(
        client=client,
        idempotency_key=idempotency_key,
        hands_over=hands_over and reserve and client is not None,
        knows_number=knows_number,
    )
    try:
        have_connection()
        with transaction.atomic():
            loaded, decided = _facts_under_lock(asked, at)
            if decided is not None:
                return _answer_given_before(
                    decided, question.digest, client if hands_over else None, at or clock.now()
                )
            verdict = judge(loaded.facts)
            spoofs = "line_not_of_campaign" in verdict.refusals
            event = []
            # the id was wanted because the number is handed over
            if verdict.allowed and client_id and loaded.call_id:
                event = [hand_over(client_id=client_id, call=ids.encode("cl", loaded.call_id))]
            digest = question.digest if idempotency_key else None
            decision_id, call_id = loading.store(
                loaded,
                verdict,
                asked,
                *event,
                reserve=reserve,
                now=clock.now(),
                digest=digest,
                commit=not spoofs,
            )
            if spoofs:
                report_spoofing(decision_id=decision_id, loaded=loaded, asked=asked)
    except IntegrityError as error:
        if idempotency_key and "decision_once_per_key" in str(error):
            raise KeyReused() from None  # at the same moment, for another number
        raise
    return _answer(
        loaded, verdict, decision_id=ids.encode("dc", decision_id), call_id=call_id, hands_over=bool(event)
    )


def is_still_allowed(call: Call, now: datetime) -> bool:
    """Whether the gate would allow a reserved call now. The caller holds the lock of the number."""
    if call.contact is None or call.contact.phone.kind != "phone":
        return False
    asked = Question(call.campaign.code, call.contact.phone, call.line.number, call.agent).asked()
    return loading.is_allowed_again(asked, reserved_at=call.reserved_at, slot_day=call.slot_day, now=now)


def may_be_dialled(call: Call, now: datetime) -> bool:
    """Whether a call that was allowed may still be made. The caller holds the lock of the number."""
    is_waiting = (
        not call.is_over
        and call.made_at is None
        and call.end_requested_at is None
        and call.reserved_until > now
    )
    return is_waiting and is_still_allowed(call, now)


def hand_over(*, client_id: int, call: str) -> Step:
    """The statement that tells the trail that a client is given the number of a call."""
    return event_of_client(
        kind=AccessEvent.Kind.HANDED_OVER,
        subject=call,
        field="contacts.contact.phone",
        purpose="dial",
        client_id=client_id,
    )


def _facts_under_lock(asked: loading.Asked, at: datetime | None) -> tuple[loading.Loaded, int | None]:
    """The facts at the moment at which the lock is held: asked again when we had to wait for it."""
    now = clock.now()
    found = loading.load(asked, at=at or now, now=now, locks=True)
    if (late := clock.now()) - now < LONG_WAIT:
        return found
    return loading.load(asked, at=at or late, now=late)


def _answer(
    loaded: loading.Loaded,
    verdict: Verdict,
    *,
    decision_id: str | None = None,
    call_id: int | None = None,
    hands_over: bool = False,
) -> Answer:
    return Answer(
        decision="allow" if verdict.allowed else "refuse",
        decision_id=decision_id,
        call_id=call_id,
        expires_at=loading.reserved_until(loaded) if call_id else None,
        script=ids.encode("sv", loaded.script_id) if loaded.script_id else None,
        policy=loaded.policy,
        reasons=explain_codes(verdict.codes, verdict.retry_at),
        not_applicable=list(verdict.not_applicable),
        hands_over=hands_over,
    )


def _answer_given_before(decision_id: int, digest: bytes, dials: ApiClient | None, now: datetime) -> Answer:
    """The answer given before to the same request under the same key; the client that dials is given the
    number again.

    An `allow` is given again only as long as the call may still be made: raises `WrongState` once it may not,
    whoever asks.
    """
    decision = Decision.objects.get(pk=decision_id)
    if bytes(decision.request_digest or b"") != digest:
        raise KeyReused()
    call = (
        Call.objects.select_related("contact", "campaign", "line", "agent").filter(decision=decision).first()
    )
    if decision.allowed and (call is None or not may_be_dialled(call, now)):
        raise WrongState(
            _("The call allowed under this key may no longer be made. Ask again under another key.")
        )
    tells = dials is not None and call is not None
    if dials and call:
        run_together(hand_over(client_id=dials.pk, call=call.public_id))
        Call.objects.filter(pk=call.pk, handed_over_at__isnull=True).update(handed_over_at=now)
    return Answer(
        decision="allow" if decision.allowed else "refuse",
        decision_id=decision.public_id,
        call_id=call.pk if call else None,
        expires_at=call.reserved_until if call else None,
        script=ids.encode("sv", decision.script_version_id) if decision.script_version_id else None,
        policy=decision.policy,
        reasons=explain_codes(decision.codes, decision.retry_at),
        not_applicable=decision.not_applicable,
        hands_over=tells,
    )
