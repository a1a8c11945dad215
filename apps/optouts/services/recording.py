"""Recording a refusal: at once and for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.calendar.timestamps import possible_or
from apps.core.crypto import blind_index, keyring
from apps.core.crypto.blind_index import Phone
from apps.core.database.locks import lock_number
from apps.core.errors import BadInput, HeguiError, NotAllowed, PersonalDataFound
from apps.core.privacy import forbidden_numbers, phones
from apps.core.privacy.free_text import blotted, whole_text
from apps.webhooks.models import EventKind
from apps.webhooks.services import emit

from .. import queries, signals
from ..channels import BY_HAND
from ..models import Change, Lift, OptOut
from ..ports import naming


class KeyGone(HeguiError):
    """Under a key that the keyring no longer has nobody would ask for the entry: the refusal would be lost in
    silence."""

    code = "key_gone"
    status = 410
    sentence = _(
        "This way to opt out has ended. Please use the code on the page for opting out, or tell the caller."
    )


def is_ours(scope: str, value: str) -> bool:
    """Whether a refusal may be of that purpose or brand alone: one that is not ours would block nothing."""
    return scope in (OptOut.Scope.PURPOSE, OptOut.Scope.BRAND) and any(
        name == value for name, _words in naming.provider.names_of(scope)
    )


@dataclass(frozen=True)
class Hashed:
    """A number as the register knows it: the index that locks it, and its hashes by key, the current one
    first."""

    index: bytes
    hashes: Mapping[str, bytes]

    @classmethod
    def of(cls, phone: Phone) -> "Hashed":
        return cls(blind_index.number_index(phone), blind_index.register_hashes(phone))

    @property
    def current(self) -> tuple[str, bytes]:
        return next(iter(self.hashes.items()))


def record_opt_out(
    *,
    phone: Phone,
    channel: str,
    evidence: str,
    said_at: datetime | None = None,
    recorded_by: User | None = None,
    client: ApiClient | None = None,
    contact_id: int | None = None,
    scope: str = OptOut.Scope.EVERYTHING,
    scope_value: str = "",
) -> OptOut:
    """Put a number on the register. From the commit on no call to it is authorised; rooms above
    withdraw what they hold of it in the same transaction.

    `evidence` names what shows the refusal (`call:17`, a message's id); the same evidence twice
    is one entry, in whatever order they come, unless the second refuses more than the first, or the first was
    lifted and the word is a later one: then it counts anew. `said_at` is when the person said so, by default
    now, and never later than now. `scope_value`: the code of a purpose, or a brand. Raises `BadInput` for a
    scope that does not say of what.
    """
    if not (
        is_ours(scope, scope_value.strip()) or (scope == OptOut.Scope.EVERYTHING and not scope_value.strip())
    ):
        raise BadInput(_("A refusal of one purpose or brand names one of ours; one of everything does not."))
    return record_hashed(
        number=Hashed.of(phone), channel=channel, evidence=evidence, said_at=said_at, recorded_by=recorded_by,
        client=client,
        contact_id=contact_id, scope=scope, scope_value=scope_value.strip(),
    )  # fmt: skip


@transaction.atomic
def record_hashed(
    *, number: Hashed, channel: str, evidence: str, said_at: datetime | None,
    scope: str = OptOut.Scope.EVERYTHING, scope_value: str = "",
    **about: object,
) -> OptOut:  # fmt: skip
    """The same for a number that is known by its hashes alone, as behind a link."""
    lock_number(number.index)
    move_on(number)
    # a refusal is not lost for a number in what names it, and the number is not kept
    evidence = blotted(evidence)
    now = clock.now()
    said_at = possible_or(said_at, now)
    brought = _brought_by(number, evidence)
    known = [
        entry
        for entry in brought
        if entry.scope == OptOut.Scope.EVERYTHING or (entry.scope, entry.scope_value) == (scope, scope_value)
    ]
    if known and (said_at <= known[-1].said_at or _counts(number, known)):
        return known[-1]
    key_id, number_hash = number.current
    if key_id not in keyring.keys("register").by_id:
        raise KeyGone()
    again = f"{evidence}#{len(brought) + 1}" if brought else evidence
    opt_out = OptOut.objects.create(
        number_hash=number_hash, key_id=key_id, channel=channel, evidence=again, said_at=said_at,
        created_at=now, scope=scope,
        scope_value=scope_value, **about,
    )  # fmt: skip
    refused = signals.Refused([opt_out.pk], [number.index], said_at, scope, scope_value)
    signals.opt_outs_recorded.send(sender=OptOut, refused=refused)
    emit(EventKind.OPT_OUT_RECORDED, {"opt_outs": [opt_out.pk]})
    return opt_out


def _brought_by(number: Hashed, evidence: str) -> list[OptOut]:
    """What the same evidence has brought, oldest first; words that came again after a lift have a number
    behind it."""
    entries = OptOut.objects.filter(number_hash__in=list(number.hashes.values()))
    same = entries.filter(Q(evidence=evidence) | Q(evidence__startswith=f"{evidence}#"))
    return list(
        same.exclude(pk__in=entries.filter(moved_from__isnull=False).values("moved_from")).order_by(
            "said_at", "pk"
        )
    )


def _counts(number: Hashed, known: list[OptOut]) -> bool:
    in_force = {entry.pk for entry in queries.entries_in_force(number.hashes.values())}
    return any(entry.pk in in_force for entry in known)


@transaction.atomic
def carry_refusals(
    *, before: Phone, after: Phone, contact_id: int, client: ApiClient, disowned_at: datetime | None
) -> int:
    """A person has another number: what they refused, and nothing has lifted, holds there too. Returns how
    many entries that made.

    What was said since the number before became another person's (`disowned_at`) is that person's word.
    """
    number, made = Hashed.of(after), 0
    there = queries.entries_in_force(number.hashes.values())
    for entry in reversed(queries.entries_in_force(Hashed.of(before).hashes.values())):
        if disowned_at is not None and entry.said_at >= disowned_at:
            continue
        if any(
            (known.scope, known.scope_value) == (entry.scope, entry.scope_value)
            and known.said_at >= entry.said_at
            for known in there
        ):
            continue
        record_hashed(
            number=number, channel=OptOut.Channel.FORMER, evidence=f"entry:{entry.pk}", said_at=entry.said_at,
            client=client, contact_id=contact_id, scope=entry.scope, scope_value=entry.scope_value,
        )  # fmt: skip
        made += 1
    return made


def move_on(number: Hashed) -> int:
    """After a new key: what is hashed with an older one, in force or lifted, gets a copy under the current.
    Returns how many.

    The caller holds the lock of the number. A dismissed entry stays where it is.
    """
    (key_id, current), *older = number.hashes.items()
    old = [number_hash for _key, number_hash in older]
    if not old:
        return 0
    entries = OptOut.objects.filter(number_hash__in=old, dismissal__isnull=True)
    moved = set(OptOut.objects.filter(moved_from__in=entries).values_list("moved_from_id", flat=True))
    fresh = [entry for entry in entries.order_by("pk") if entry.pk not in moved]
    for entry in fresh:
        OptOut.objects.create(
            number_hash=current, key_id=key_id, channel=entry.channel, scope=entry.scope,
            scope_value=entry.scope_value,
            said_at=entry.said_at, created_at=entry.created_at, evidence=entry.evidence,
            contact_id=entry.contact_id,
            recorded_by_id=entry.recorded_by_id, client_id=entry.client_id, moved_from=entry,
        )  # fmt: skip
    if fresh:
        _move_lifts(key_id, current, old)
    return len(fresh)


def _move_lifts(key_id: str, current: bytes, old: list[bytes]) -> None:
    """What lifted the entries goes with them, and the feed reports it."""
    for lift in Lift.objects.filter(number_hash__in=old, state=Lift.State.APPROVED):
        same = {
            "consent_given_at": lift.consent_given_at,
            "evidence": lift.evidence,
            "asked_by_id": lift.asked_by_id,
        }
        if Lift.objects.filter(number_hash=current, **same).exists():
            continue
        copy = Lift.objects.create(
            number_hash=current, key_id=key_id, state=lift.state, decided_by_id=lift.decided_by_id,
            decided_at=lift.decided_at,
            created_at=lift.created_at, **same,
        )  # fmt: skip
        Change.objects.create(kind=Change.Kind.LIFTED, lift=copy, created_at=clock.now())


def record_by_hand(
    *,
    actor: User,
    phone: str,
    channel: str,
    evidence: str,
    said_at: datetime | None = None,
    scope: str = "everything",
    scope_value: str = "",
) -> OptOut:
    """What somebody heard: in a letter, a complaint, at the counter. Raises `PhoneInvalid`, `BadInput`."""
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        raise NotAllowed()
    if channel not in BY_HAND:
        raise BadInput(_("Say by which way it was heard."))
    if not evidence.strip():
        raise BadInput(_("Say what shows the refusal: a complaint's number, a letter, who heard it."))
    if forbidden_numbers.find(evidence) or phones.find_in(evidence):
        raise PersonalDataFound(_("The evidence holds a number of a person. Name the record instead."))
    if said_at is not None and said_at > clock.now():
        raise BadInput(_("The refusal lies in the future."))
    return record_opt_out(
        phone=phones.normalise(phone), channel=channel, evidence=whole_text(evidence, 110), said_at=said_at,
        recorded_by=actor, scope=scope,
        scope_value=scope_value,
    )  # fmt: skip
