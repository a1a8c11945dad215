"""The doors of the gate: `authorize` reserves a call, `check` only asks.

Order of work in one transaction: lock the number, load the facts, judge, store the decision
and, if allowed, the reservation, commit.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from apps.accounts.models import ApiClient, User
from apps.contacts.models import Contact
from apps.core import blind_index, clock, ids, phones
from apps.core.blind_index import Phone
from apps.core.errors import BadInput, NotFound

from ..gate import loading
from ..gate.rules import RULES, judge
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
        {
            "code": code, "duty": RULES[code].duty, "law": str(RULES[code].law), "message": _messages(code), "retry_at": retry_at.get(code),
        }
        for code in codes
    ]


@dataclass(frozen=True)
class Answer:
    """What the gate says, ready to be told."""

    decision: str
    decision_id: str
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


def find_number(*, contact: str | None = None, phone: str | None = None) -> Phone:
    """The number that a request means, by contact id or as digits.

    Raises `BadInput` (`phone_invalid` among them) and `NotFound` for an unknown contact.
    """
    if (contact is None) == (phone is None):
        raise BadInput(_("Name either the contact or the phone."))
    if phone is not None:
        return phones.normalise(phone)
    found = Contact.objects.filter(pk=ids.decode("ct", str(contact))).only("phone").first()
    if found is None:
        raise NotFound()
    return found.phone


def _digest(campaign: str, index: bytes, line: str, agent_id: int | None) -> bytes:
    return hashlib.sha256(json.dumps([campaign, index.hex(), line, agent_id]).encode()).digest()


def line_number(text: str) -> str:
    """A caller number as lines are stored; text that is no number stays as it is and matches none."""
    try:
        return phones.normalise(text)
    except phones.PhoneInvalid:
        return text[:20]


def authorize(
    *, campaign: str, phone: Phone, line: str, agent: User | None = None, client: ApiClient | None = None, at: datetime | None = None,
    reserve: bool = True, checklist_done: bool | None = None, idempotency_key: str | None = None,
) -> Answer:
    """Ask whether `phone` may be called now, and reserve the call when it may.

    `campaign` is a code, `line` the caller number. `at` defaults to now; it is a moment, aware.
    Raises `NotFound` for an unknown campaign and `KeyReused`; every refusal is an answer, not
    an error.
    """
    now = clock.now()
    at = at or now
    index = blind_index.number_index(phone)
    agent_id = agent.pk if agent else None
    client_id = client.pk if client else None
    line = line_number(line)
    digest = _digest(campaign, index, line, agent_id) if idempotency_key else None
    with transaction.atomic():
        loading.take_lock(index)
        if idempotency_key and (stored := _stored(client_id, idempotency_key, digest)):
            return stored
        loaded = loading.load(
            campaign=campaign, index=index, register=blind_index.register_hash(phone), line=line, agent_id=agent_id,
            checklist_done=checklist_done, at=at, now=now,
        )
        verdict = judge(loaded.facts)
        decision_id, call_id = loading.store(
            loaded, verdict, index=index, reserve=reserve, now=now, agent_id=agent_id, client_id=client_id,
            idempotency_key=idempotency_key, digest=digest,
        )
    retry_at = {code: refusal.retry_at.isoformat() for code, refusal in verdict.refusals.items() if refusal.retry_at}
    return Answer(
        decision="allow" if verdict.allowed else "refuse",
        decision_id=ids.encode("dc", decision_id),
        call_id=call_id,
        expires_at=at + loaded.reservation if call_id else None,
        script=ids.encode("sv", loaded.script_id) if loaded.script_id else None,
        policy=loaded.policy,
        reasons=explain_codes(verdict.codes, retry_at),
        not_applicable=list(verdict.not_applicable),
    )


def check(**asked: Any) -> Answer:
    """The same decision, stored, without a reservation."""
    return authorize(**asked, reserve=False)


def _stored(client_id: int | None, key: str, digest: bytes | None) -> Answer | None:
    """The answer given before to the same request under the same key."""
    decision = Decision.objects.filter(client_id=client_id, idempotency_key=key).first()
    if decision is None:
        return None
    if bytes(decision.request_digest) != digest:
        raise KeyReused()
    call = Call.objects.filter(decision=decision).first()
    return Answer(
        decision="allow" if decision.allowed else "refuse",
        decision_id=decision.public_id,
        call_id=call.pk if call else None,
        expires_at=call.reserved_until if call else None,
        script=ids.encode("sv", call.script_version_id) if call else None,
        policy=decision.policy,
        reasons=explain_codes(decision.codes, decision.retry_at),
        not_applicable=decision.not_applicable,
    )
