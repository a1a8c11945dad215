"""Messages that come in: read, acted on and kept in one transaction, so that what was acknowledged has had
its effect."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.calendar.timestamps import possible_or
from apps.core.crypto import blind_index
from apps.core.crypto.blind_index import Phone
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.core.privacy.free_text import without_number
from apps.core.web.lenient_json import shortened
from apps.notifications.models import Notice
from apps.notifications.services import close_notices, notify

from .. import queries
from ..models import Dismissal, Message, OptOut
from ..rules import reading_of, says_wrong_person
from ..signals import number_disowned
from .recording import record_opt_out

Reading = Message.Reading
PATIENCE = timedelta(hours=4)
MOST_ID = 80
MOST_KEPT = 1_000  # characters of a message that waits for a person


@transaction.atomic
def take_message(
    *, client: ApiClient, sender: Phone, text: str, message_id: str, sent_at: datetime | None = None
) -> Message:
    """A message from a client's phone. The same id again changes nothing, unless it is of another sender,
    refuses where the first did not, or was sent after an entry that counts no longer: gateways use ids again,
    so that is a message of its own.

    A refusal puts the sender on the register; what may be one does too, and waits for a person. Who says that
    the number is another person's puts it in doubt as well. Of anything else the text is not kept.
    """
    now = clock.now()
    sent_at = possible_or(sent_at, now)
    reading = reading_of(text)
    message_id = shortened(without_number(message_id), MOST_ID)
    begins = message_id[: MOST_ID - 33]
    while known := _known(client, message_id):
        if _is_same(known, sender, reading, sent_at):
            return known
        message_id = f"{begins}~{blind_index.tag([sender, _digest(f'{text} {known.pk}')])}"
    opt_out = None
    if reading != Reading.OTHER:
        opt_out = record_opt_out(
            phone=sender,
            channel=OptOut.Channel.SMS,
            evidence=f"sms:{client.pk}:{message_id}",
            said_at=sent_at,
            client=client,
        )
    made, is_new = Message.objects.get_or_create(
        client=client,
        message_id=message_id,
        defaults={
            "sent_at": sent_at,
            "text": text[:MOST_KEPT] if reading == Reading.NEAR else None,
            "reading": reading,
            "opt_out": opt_out,
            "created_at": now,
        },
    )
    if is_new and reading == Reading.NEAR and says_wrong_person(text):
        number_disowned.send(
            sender=Message,
            number_index=blind_index.number_index(sender),
            reference=f"message:{made.pk}",
            client=client,
        )
    if is_new and reading == Reading.NEAR:
        notify(
            User.objects.filter(role=Role.COMPLIANCE, is_active=True),
            "message_to_judge",
            thing=f"message_to_judge:{made.pk}",
        )
    return made


def _known(client: ApiClient, message_id: str) -> Message | None:
    return Message.objects.select_related("opt_out").filter(client=client, message_id=message_id).first()


def _is_same(known: Message, sender: Phone, reading: str, sent_at: datetime) -> bool:
    """As far as it can be known where neither sender nor text is kept. What refuses nothing is lost without
    harm."""
    if known.opt_out is None:
        return reading == Reading.OTHER
    if known.reading == Reading.NEAR and reading == Reading.REFUSAL:
        return False  # nobody may dismiss it with the first
    hashes = blind_index.register_hashes(sender).values()
    if bytes(known.opt_out.number_hash) not in hashes:
        return False
    if reading == Reading.OTHER or sent_at <= known.sent_at:
        return True
    counting = queries.entries_in_force(hashes)  # lifted or dismissed since: it refuses again
    return any(known.opt_out.pk in (entry.pk, entry.moved_from_id) for entry in counting)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def id_of_message(sender: Phone, text: str, sent_at: str) -> str:
    """An id for a message whose gateway gives none: the same message again has the same."""
    return "auto-" + blind_index.tag([sender, _digest(f"{text}\n{sent_at}")])


@transaction.atomic
def remind_of_messages(*, at: datetime | None = None) -> bool:
    """Tell compliance again when a near miss has waited for four hours, at most once in four: it is read
    within the day."""
    at = at or clock.now()
    count = queries.to_judge().filter(created_at__lte=at - PATIENCE).count()
    if not count or Notice.objects.filter(code="messages_wait", created_at__gt=at - PATIENCE).exists():
        return False
    notify(User.objects.filter(role=Role.COMPLIANCE, is_active=True), "messages_wait", count=count)
    return True


def _to_judge(actor: User, message: Message) -> Message:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    message = Message.objects.select_for_update(of=("self",)).select_related("opt_out").get(pk=message.pk)
    if message.reading != Reading.NEAR or message.judged_at is not None:
        raise WrongState()
    return message


def _judged(message: Message, actor: User) -> Message:
    """The text has done its work: it is not kept."""
    message.judged_by, message.judged_at, message.text = actor, clock.now(), None
    message.save()
    close_notices("message_to_judge", thing=f"message_to_judge:{message.pk}")
    return message


@transaction.atomic
def confirm(*, actor: User, message: Message) -> Message:
    """It was a refusal: the entry stays as it is."""
    return _judged(_to_judge(actor, message), actor)


@transaction.atomic
def dismiss(*, actor: User, message: Message, reason: str) -> Message:
    """It refused nothing: the entry that it made no longer counts. Other entries of the number do."""
    message = _to_judge(actor, message)
    if not reason.strip():
        raise BadInput(_("Say why the message refuses nothing."))
    if message.opt_out is None:
        raise WrongState()
    Dismissal.objects.create(
        opt_out=message.opt_out, reason=reason.strip()[:200], actor=actor, created_at=clock.now()
    )
    return _judged(message, actor)
