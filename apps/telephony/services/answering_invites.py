"""The question of the SIP gateway for each INVITE: may this call go to a carrier, and as what?

Whatever cannot be read, found or decided is a refusal with its code. Every question is kept as an `Attempt`,
so that somebody who tries without being allowed is seen.
"""

import hashlib
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.calls import services as calls
from apps.calls.models import Call
from apps.calls.services import client_budget
from apps.campaigns.models import Campaign, Line
from apps.core.calendar import clock
from apps.core.errors import HeguiError, NotFound, WrongState
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected
from apps.core.web import ids

from ..models import Attempt, Dialler, Trunk
from ..rules import on_the_wire


@dataclass(frozen=True)
class InviteQuestion:
    """What an INVITE says. `dialler` is the id under which the gateway knows its sender; `ask` names this one
    question, also when it is put to a second Hegui; `sip_call` is its Call-ID. Campaign, agent and call come
    from the headers `X-Hegui-…`."""

    dialler: str
    ask: str
    sip_call: str
    number: Protected | None  # None: what was dialled is no number that may be called
    line: str
    campaign: str | None = None
    agent: str | None = None
    call: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class InviteAnswer:
    """The answer. `number`: whom the gateway dials, on allow; the rest is how."""

    codes: tuple[str, ...]
    call: Call | None = None
    trunk: Trunk | None = None

    @property
    def allowed(self) -> bool:
        return self.call is not None and not self.codes

    def as_json(self) -> dict[str, Any]:
        """Without the numbers, which go beside it."""
        if self.call is None or self.trunk is None or self.codes:
            return {"decision": "refuse", "codes": ",".join(self.codes)}
        line = self.call.line
        return {
            "decision": "allow",
            "codes": "",
            "call": self.call.public_id,
            "caller": on_the_wire(line.number, self.trunk.form),
            "carrier": self.trunk.address,
            "carrier_host": self.trunk.host,
            "line": f"{self.trunk.pk}-{line.pk}",
            "at_once": str(self.trunk.calls_at_once),
            "a_second": str(self.trunk.calls_a_second),
        }


class _Refused(Exception):
    def __init__(self, *codes: str, decision: int | None = None) -> None:
        super().__init__(*codes)
        self.codes, self.decision = codes, decision


@dataclass
class _Found:
    """What is known so far, for the attempt that is kept in any case."""

    dialler: Dialler | None = None
    line: Line | None = None
    trunk: Trunk | None = None
    decision: int | None = None


def ask(*, gateway: ApiClient, asked: InviteQuestion) -> InviteAnswer:
    """Decide on one INVITE and keep that it was tried. The same question again has the same answer, as long
    as the call may be made."""
    name = _hash(asked.ask)
    if known := _known(gateway, name):
        return _repeated_answer(known)
    found = _Found()
    call: Call | None = None
    codes: tuple[str, ...] = ()
    try:
        # A reservation is used in one transaction with the attempt; the gate's own decision has committed
        # before.
        with transaction.atomic() if asked.call else nullcontext():
            try:
                call = _call(gateway, asked, found)
            except _Refused as refused:
                codes, found.decision = refused.codes, refused.decision
            with transaction.atomic():
                Attempt.objects.create(
                    at=clock.now(), gateway=gateway, dialler=found.dialler, trunk=found.trunk,
                    line=found.line, call=call,
                    decision_number=call.decision_id if call else found.decision, ask=name, codes=list(codes),
                    source=asked.source,
                )  # fmt: skip
    # the call was led to a carrier by another INVITE, or two asked the same at one moment
    except IntegrityError:
        known = _known(gateway, name)
        return _repeated_answer(known) if known else InviteAnswer(("replayed",))
    return InviteAnswer(codes, call, found.trunk)


def _known(gateway: ApiClient, name: str) -> Attempt | None:
    asked = Attempt.objects.filter(gateway=gateway, ask=name)
    return asked.select_related("call__line", "trunk").first() if asked.exists() else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _repeated_answer(known: Attempt) -> InviteAnswer:
    call = known.call
    if known.codes or call is None or known.trunk is None:
        return InviteAnswer(tuple(known.codes) or ("replayed",))
    if not calls.may_be_led_on(call):
        return InviteAnswer(("call_not_valid",))
    return InviteAnswer((), call, known.trunk)


def _call(gateway: ApiClient, asked: InviteQuestion, found: _Found) -> Call:
    dialler = found.dialler = (
        Dialler.objects.select_related("client").filter(pk=_number_of("dl", asked.dialler)).first()
    )
    if dialler is None:
        raise _Refused("dialler_unknown")
    client = dialler.client
    if (
        not dialler.is_active
        or not client.is_active
        or client.ends_at <= clock.now()
        or ApiClient.Scope.AUTHORIZE not in client.scopes
    ):
        raise _Refused("dialler_off")
    if asked.number is None:
        raise _Refused("number_invalid")
    line = found.line = _line(asked.line)
    if asked.call:
        return _reserved(gateway, client, asked, asked.number, found)
    if dialler.asks_first:
        raise _Refused("asks_first")
    campaign = _campaign(client, asked.campaign, line)
    found.trunk = _trunk(line)
    if line is not None and found.trunk is None:
        raise _Refused("line_without_trunk")
    return _authorized(gateway, client, asked, asked.number, campaign, found)


def _number_of(prefix: str, public_id: str) -> int:
    try:
        return ids.decode(prefix, public_id)
    except NotFound:
        return 0


def _line(said: str) -> Line | None:
    try:
        return Line.objects.filter(number=phones.normalise_line(said)).first()
    except phones.PhoneInvalid:
        return None


def _trunk(line: Line | None) -> Trunk | None:
    return Trunk.objects.filter(lines=line, is_active=True).order_by("pk").first() if line else None


def _campaign(client: ApiClient, code: str | None, line: Line | None) -> Campaign:
    """The campaign that the INVITE names; else the one running campaign of the dialler that has the line. A
    line that none of them has is asked for under one of theirs, so that the gate refuses and reports it
    (R21)."""
    theirs = Campaign.objects.filter(clients=client).only("code")
    if code:
        if found := theirs.filter(code=code[:40]).first():
            return found
        raise _Refused("campaign_unknown")
    running = theirs.filter(state=Campaign.State.RUNNING)
    of_line = list(running.filter(lines=line)[:2]) if line else []
    if len(of_line) > 1:
        raise _Refused("campaign_not_said")
    if found := of_line[0] if of_line else running.order_by("pk").first():
        return found
    raise _Refused("line_unknown" if line is None else "campaign_not_said")


def _reserved(
    gateway: ApiClient, client: ApiClient, asked: InviteQuestion, number: Protected, found: _Found
) -> Call:
    """The call that the dialler had reserved by API: to this number, from this line, once."""
    found.trunk = _trunk(found.line)
    if found.trunk is None:
        raise _Refused("line_unknown" if found.line is None else "line_without_trunk")
    try:
        return calls.relay_reserved(
            call_id=_number_of("cl", asked.call or ""),
            client=client,
            gateway=gateway,
            phone=number,
            line=asked.line,
        )
    except (NotFound, calls.NotThisCall):
        raise _Refused("call_not_valid") from None


def _authorized(
    gateway: ApiClient,
    client: ApiClient,
    asked: InviteQuestion,
    number: Protected,
    campaign: Campaign,
    found: _Found,
) -> Call:
    agent = None
    if asked.agent:
        agent = User.objects.filter(username=asked.agent[:150], role=Role.AGENT).first()
        if agent is None:
            raise _Refused("agent_unknown")
    try:
        if ApiClient.Scope.DIAL in client.scopes:
            client_budget.require_budget(client)
        else:
            client_budget.require_unknown_budget(client)
        answer = calls.authorize(
            campaign=campaign.code, phone=number, line=asked.line, agent=agent, client=client,
            idempotency_key=f"sip:{_hash(asked.sip_call)[:48]}", knows_number=True,
        )  # fmt: skip
    except calls.KeyReused:
        raise _Refused("replayed") from None
    except WrongState:  # the same INVITE again, of a call that may no longer be made
        raise _Refused("call_not_valid") from None
    except HeguiError as error:
        raise _Refused(error.code) from None
    decision = _number_of("dc", answer.decision_id or "")
    if "unknown_contact" in answer.codes:
        client_budget.note_unknown(client, number)
    if not answer.allowed or answer.call_id is None:
        raise _Refused(*answer.codes, decision=decision)
    call = calls.relay_allowed(call_id=answer.call_id, gateway=gateway)
    if call is None or found.line is None:
        raise _Refused("call_not_valid", decision=decision)
    call.line = found.line
    return call
