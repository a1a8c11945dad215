"""The doors of the gate: `authorize` decides and reserves a call, `preview` only asks.

Order of work in one transaction: lock the number, load the facts, judge, store the decision
and, if allowed, the reservation, commit.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property, lru_cache
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from apps.accounts.models import ApiClient, User
from apps.contacts.models import Contact
from apps.core import blind_index, clock, ids, phones
from apps.core.blind_index import Phone
from apps.core.errors import BadInput, NotFound
from apps.core.locks import lock_number
from apps.core.protected import Protected

from ..gate import loading
from ..gate.rules import RULES, Verdict, judge
from ..models import Call, Decision

LANGUAGES = {"en": "en", "zh": "zh-hans"}


class KeyReused(BadInput):
    code = "idempotency_key_reused"
    sentence = _("This Idempotency-Key was used for another request. Take a new one.")


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
        {"code": code, "duty": RULES[code].duty, "law": str(RULES[code].law), "message": _messages(code), "retry_at": retry_at.get(code)}
        for code in codes
    ]


@dataclass(frozen=True)
class Answer:
    """What the gate says, ready to be told. A preview has no `decision_id`: it was not stored."""

    decision: str
    decision_id: str | None
    call_id: int | None
    expires_at: datetime | None
    script: str | None
    policy: int
    reasons: list[dict[str, Any]]
    not_applicable: list[str]

    @property
    def allowed(self) -> bool:
        return self.decision == "allow"

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
        return phones.normalise(text)
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

    def facts(self, *, at: datetime, now: datetime) -> loading.Loaded:
        return loading.load(
            campaign=self.campaign,
            index=self.index,
            register=blind_index.register_hash(self.phone),
            number_zones=phones.zones_of(self.phone),
            line=self.line_number,
            agent_id=self.agent_id,
            checklist_done=self.checklist_done,
            at=at,
            now=now,
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


def preview(*, campaign: str, phone: Phone, line: str, agent: User | None = None, at: datetime | None = None) -> Answer:
    """What the gate would say now, for lists and pages: nothing is locked, reserved or stored."""
    now = clock.now()
    loaded = Question(campaign, phone, line, agent).facts(at=at or now, now=now)
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
) -> Answer:
    """Ask whether `phone` may be called now, and reserve the call when it may.

    `campaign` is a code, `line` the caller number. `at` is an aware moment, by default the one
    at which the number's lock is held. Raises `NotFound` for an unknown campaign and
    `KeyReused`; every refusal is an answer, not an error.
    """
    question = Question(campaign, phone, line, agent, checklist_done)
    client_id = client.pk if client else None
    try:
        with transaction.atomic():
            lock_number(question.index, agent_id=question.agent_id)
            if idempotency_key and (stored := _stored(client_id, idempotency_key, question.digest)):
                return stored
            now = clock.now()
            loaded = question.facts(at=at or now, now=now)
            verdict = judge(loaded.facts)
            decision_id, call_id = loading.store(
                loaded,
                verdict,
                index=question.index,
                line=question.line_number,
                reserve=reserve,
                now=now,
                agent_id=question.agent_id,
                client_id=client_id,
                idempotency_key=idempotency_key,
                digest=question.digest if idempotency_key else None,
            )
    except IntegrityError as error:
        if idempotency_key and "decision_once_per_key" in str(error):
            raise KeyReused() from None  # at the same moment, for another number
        raise
    return _answer(loaded, verdict, decision_id=ids.encode("dc", decision_id), call_id=call_id)


def _answer(loaded: loading.Loaded, verdict: Verdict, *, decision_id: str | None = None, call_id: int | None = None) -> Answer:
    return Answer(
        decision="allow" if verdict.allowed else "refuse",
        decision_id=decision_id,
        call_id=call_id,
        expires_at=loaded.facts.at + loaded.reservation if call_id else None,
        script=ids.encode("sv", loaded.script_id) if loaded.script_id else None,
        policy=loaded.policy,
        reasons=explain_codes(verdict.codes, verdict.retry_at),
        not_applicable=list(verdict.not_applicable),
    )


def _stored(client_id: int | None, key: str, digest: bytes) -> Answer | None:
    """The answer given before to the same request under the same key."""
    decision = Decision.objects.filter(client_id=client_id, idempotency_key=key).first()
    if decision is None:
        return None
    if bytes(decision.request_digest or b"") != digest:
        raise KeyReused()
    call = Call.objects.filter(decision=decision).first()
    return Answer(
        decision="allow" if decision.allowed else "refuse",
        decision_id=decision.public_id,
        call_id=call.pk if call else None,
        expires_at=call.reserved_until if call else None,
        script=ids.encode("sv", decision.script_version_id) if decision.script_version_id else None,
        policy=decision.policy,
        reasons=explain_codes(decision.codes, decision.retry_at),
        not_applicable=decision.not_applicable,
    )
