"""Requests on their way in: heard by staff, handed in by another system, or typed by the person on the public
page."""

from datetime import datetime, timedelta

from auditlog.context import disable_auditlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.contacts.models import Purpose
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound
from apps.core.privacy import forbidden_numbers, phones
from apps.core.privacy.fields import without_values
from apps.core.privacy.free_text import checked_text, kept_reference, whole_text
from apps.core.privacy.protected import Protected
from apps.notifications.services import notify
from apps.optouts.services.coding import check_code, hash_word, send_code
from apps.policies import queries as policies

from .. import queries, rules
from ..models import RequestEvent, SubjectRequest

Kind, State, Channel = SubjectRequest.Kind, SubjectRequest.State, SubjectRequest.Channel
BY_STAFF = (Channel.TELEPHONE, Channel.AGENT, Channel.LETTER, Channel.SHOP)
RECORDERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
UNCONFIRMED_LIFE = timedelta(days=1)
MOST_TEXT = 2_000


def note(request: SubjectRequest, kind: str, actor: User | None = None, text: str = "") -> None:
    RequestEvent.objects.create(
        request=request, kind=kind, actor=actor, note=text[:500], created_at=clock.now()
    )


@transaction.atomic
def record_request(
    *,
    kind: str,
    phone: str | Protected,
    channel: str,
    actor: User | None = None,
    client: ApiClient | None = None,
    text: str = "",
    new_name: str = "",
    purpose: Purpose | None = None,
    verification: str = "",
    received_at: datetime | None = None,
    reference: str = "",
) -> SubjectRequest:
    """Record what a person asks about their own data; the clock runs from the day on which they asked.

    `verification` says how it was made sure that the number is theirs; without it the clock stands until
    somebody says so. The same reference of a client is one request. Raises `NotAllowed`, `BadInput`,
    `PhoneInvalid`, `PersonalDataFound`.
    """
    if client is None and (actor is None or actor.role not in RECORDERS):
        raise NotAllowed()
    if kind not in Kind.values or channel not in (Channel.values if client else BY_STAFF):
        raise BadInput(_("Choose what the person asks for, and how it came."))
    reference = reference.strip()[:80]
    if client:
        reference = kept_reference(reference)
        known = SubjectRequest.objects.filter(client=client, reference=reference).first()
        if reference and known:
            return known
    now = clock.now()
    received = received_at or now
    if received > now:
        raise BadInput(_("The request was received in the future."))
    if actor is not None and actor.role == Role.AGENT:
        verification = ""  # an agent hears; compliance makes sure
    made = _made(kind, channel, phone, text, new_name, received)
    made.purpose, made.recorded_by, made.client, made.reference = (purpose, actor, client, reference)
    if verification := checked_text(verification, most=200):
        made.state, made.verification, made.verified_by, made.verified_at = (
            State.OPEN,
            verification,
            actor,
            now,
        )
    else:
        # from the day on which it was recorded: what we took until then is not the person's
        made.state, made.paused_on = State.IDENTITY, timezone.localdate(now)
    made.save()
    _begin(made, actor)
    return made


def _made(
    kind: str, channel: str, phone: str | Protected, text: str, new_name: str, received: datetime
) -> SubjectRequest:
    if any(forbidden_numbers.find(each) for each in (text, new_name)):
        raise PersonalDataFound()
    number = phone if isinstance(phone, Protected) else Protected(phones.normalise(phone), "phone")
    owner = queries.owners().first()
    if owner is None:
        raise BadInput(_("Nobody can handle the request: there is no compliance officer."))
    due = rules.due_after(timezone.localdate(received), policies.calendar(clock.now()))
    words, name = whole_text(text, MOST_TEXT), whole_text(new_name, 80)
    return SubjectRequest(
        kind=kind, channel=channel, phone=number, number_index=blind_index.number_index(number),
        text=Protected(words, "text") if words else None, new_name=Protected(name, "name") if name else None,
        received_at=received, due_on=due.day, is_provisional=due.is_provisional, owner=owner,
        created_at=clock.now(),
    )  # fmt: skip


def _begin(made: SubjectRequest, actor: User | None) -> None:
    note(made, RequestEvent.Kind.RECEIVED, actor)
    notify({made.owner}, "request_received", about=actor, request=made.public_id, due=made.due_on.isoformat())


# -- the public page


def ask_by_page(
    *, kind: str, phone: str, text: str = "", new_name: str = "", address: str | None = None
) -> str:
    """Send a code to the number; returns the word under which it is entered. The answer is the same for every
    number.

    What was typed waits, encrypted, and is forgotten after a day unless the code is entered. Raises
    `PhoneInvalid`, `TooOften`, `ServiceAway`, `BadInput`.
    """
    if kind not in Kind.values:
        raise BadInput(_("Choose what you ask for."))
    now = clock.now()
    made = _made(kind, Channel.PAGE, phone, text, new_name, now)
    number: Protected = made.phone
    word = send_code(
        number=number,
        address=address,
        says=_("%(code)s is your code to ask about your data. It holds for 10 minutes."),
    )
    made.state, made.code_word = State.UNCONFIRMED, hash_word(word)
    made.save()
    return word


@transaction.atomic
def _confirmed(word: str) -> SubjectRequest | None:
    made = SubjectRequest.objects.select_for_update(of=("self",)).filter(code_word=hash_word(word)).first()
    if made is None or made.state != State.UNCONFIRMED:
        return made
    now = clock.now()
    made.state, made.verified_at, made.verification = State.OPEN, now, SubjectRequest.BY_CODE
    due = rules.due_after(timezone.localdate(now), policies.calendar(now))
    made.received_at, made.due_on, made.is_provisional = now, due.day, due.is_provisional
    made.save()
    _begin(made, None)
    return made


def confirm_by_page(*, word: str, code: str) -> SubjectRequest:
    """The code was right: the number is theirs, and the clock runs. Raises `CodeRefused`, `BadInput`."""
    check_code(word=word, code=code)
    made = _confirmed(word)
    if made is None:
        raise BadInput(_("This took too long. Begin again."))
    return made


def drop_unconfirmed() -> int:
    """Forget what strangers typed and did not confirm. Returns how many."""
    over = SubjectRequest.objects.filter(
        state=State.UNCONFIRMED, created_at__lt=clock.now() - UNCONFIRMED_LIFE
    )
    # it would read what they typed, which may not open; strangers' words are nothing for the trail
    with disable_auditlog():
        return without_values(over).delete()[0]
