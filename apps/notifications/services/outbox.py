"""The outbox: what was written with its cause is sent after the commit, again and again until it arrived or
its time is over."""

import time
from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected

import structlog
from celery import current_app
from django.core.mail import DNS_NAME, EmailMessage, get_connection
from django.db import transaction
from django.db.models import Count, QuerySet
from kombu.exceptions import OperationalError

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.errors import DecryptionFailed, ServiceAway
from apps.core.privacy.fields import without_values
from apps.core.privacy.protected import Protected, clear_for_machine

from .. import gateway, rules
from ..gateway import can_send
from ..models import Notice, Outgoing
from .inbox import notify

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=3)
LONGEST = timedelta(seconds=40)  # of one message, each step of the network at its time-out
AT_ONCE = 20
# by the web process, while the queue is away: what ends first, as a code that somebody waits for
SENT_AT_ONCE = 2
LONGEST_RUN = 20.0  # seconds, then others have their turn
WAKES_WITHIN = 60  # seconds: later the schedule has done it
MOST_PERHAPS = 3  # times that a message is sent again which may have arrived
MAIL_LIFE = timedelta(days=2)
SAID_ONCE_IN = timedelta(hours=1)
Kind, State = Outgoing.Kind, Outgoing.State

__all__ = ["can_send", "count_messages", "queue_mail", "queue_sms", "send_due"]


def queue_sms(*, number: Protected, text: str, about: str, life: timedelta) -> Outgoing:
    """Have a short message sent once the caller's transaction is over; after `life` it is given up. Raises
    `ServiceAway` where no gateway is set up."""
    if not can_send():
        raise ServiceAway()
    now = clock.now()
    made = Outgoing.objects.create(
        kind=Kind.SMS,
        number=number,
        text=Protected(text, "text"),
        about=about,
        next_at=now,
        ends_at=now + life,
        created_at=now,
    )
    _soon()
    return made


def queue_mail(*, person: User, subject: str, text: str, about: str) -> Outgoing:
    """The same for an e-mail to a colleague, two days long."""
    now = clock.now()
    made = Outgoing.objects.create(
        kind=Kind.MAIL, person=person, subject=subject, text=Protected(text, "text"), about=about,
        next_at=now, ends_at=now + MAIL_LIFE,
        created_at=now,
    )  # fmt: skip
    _soon()
    return made


def _soon() -> None:
    transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    try:
        current_app.send_task("apps.notifications.tasks.send_due", expires=WAKES_WITHIN)
    except OperationalError:  # who waits for a code does not wait for the queue, nor for everybody's messages
        log.warning("queue_away", task="send_due")
        send_due(most=SENT_AT_ONCE)


def count_messages(about: str) -> dict[str, int]:
    """How many messages about something wait, were sent and were given up."""
    found = dict(Outgoing.objects.filter(about=about).values_list("state").annotate(Count("pk")))
    return {str(state): found.get(state, 0) for state in State}


def send_due(*, most: int | None = None) -> int:
    """Send what is due, or the `most` of it that end first; returns how much was sent. Others may do the same
    beside it.

    Nobody is held up by a slow gateway or a long list: after a while what is left is for another run, behind
    what waits in the queue.
    """
    sent, begun = 0, time.monotonic()
    while batch := _claimed(most or AT_ONCE):
        for message in batch:
            sent += _tried(message)
        if most is not None:
            break
        if time.monotonic() - begun > LONGEST_RUN:
            transaction.on_commit(_wake_again, robust=True)
            break
    return sent


def _wake_again() -> None:
    try:
        current_app.send_task("apps.notifications.tasks.send_due", expires=WAKES_WITHIN)
    except OperationalError:  # the schedule does it within the minute
        log.warning("queue_away", task="send_due")


@transaction.atomic
def _claimed(most: int) -> list[Outgoing]:
    """Messages that are due, leased to this worker for a minute."""
    now = clock.now()
    due = Outgoing.objects.filter(state=State.WAITING, next_at__lte=now).select_for_update(
        skip_locked=True, of=("self",)
    )
    # Number and text are opened one by one, when each is sent: one that cannot be opened keeps no other from
    # being taken. What ends first goes first: a code of ten minutes waits for no list of notices.
    batch = list(due.select_related("person").defer("number", "text").order_by("ends_at", "pk")[:most])
    for message in batch:
        message.next_at, message.attempts = now + LEASE, message.attempts + 1
    Outgoing.objects.bulk_update(batch, ["next_at", "attempts"])
    return batch


def _tried(message: Outgoing) -> bool:
    """One attempt. Whether it was sent."""
    now = clock.now()
    if now + LONGEST >= message.next_at:  # the lease ends: it was not tried, and is taken again
        _mine(message).update(next_at=now, attempts=message.attempts - 1)
        return False
    if now >= message.ends_at:
        _give_up(message)
        return False
    if message.kind == Kind.MAIL and not (
        message.person and message.person.email and message.person.is_active
    ):
        _mine(message).update(error="RecipientLeft")  # nobody has to look after a server
        _end(message, State.GIVEN_UP)
        return False
    try:
        _send(message)
    except (gateway.NotTaken, gateway.PerhapsSent, SMTPDataError, SMTPRecipientsRefused) as error:
        why = type(error).__name__
        _mine(message).update(error=why, next_at=now + rules.pause_after(message.attempts))
        if _is_final(error, message.attempts):
            message.error = why
            _give_up(message)
        return False
    except Exception as error:  # noqa: BLE001  (whatever one message holds, the others are sent; what it says may hold the number)
        why = type(error).__name__
        _mine(message).update(error=why, next_at=now + rules.pause_after(message.attempts))
        log.warning("message_not_sent", message=message.pk, kind=message.kind, why=why)
        return False
    _end(message, State.SENT)
    return True


def _is_final(error: Exception, attempts: int) -> bool:
    """Whether trying again would only repeat the refusal, or send twice what may have arrived."""
    if isinstance(error, gateway.PerhapsSent):
        return attempts >= MOST_PERHAPS
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= 500
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _said in error.recipients.values())
    return isinstance(error, gateway.NotTaken)


def _mine(message: Outgoing) -> QuerySet[Outgoing]:
    """The row, as long as no other worker has taken it since."""
    return Outgoing.objects.filter(pk=message.pk, state=State.WAITING, attempts=message.attempts)


def _send(message: Outgoing) -> None:
    if message.kind == Kind.SMS:
        gateway.send(number=message.number, text=clear_for_machine(message.text), key=f"hegui-{message.pk}")
    elif message.person:
        _mail(message, message.person.email)


def _mail(message: Outgoing, to: str) -> None:
    """Raises `PerhapsSent` when the server goes away after it was reached: it may have taken the mail. The
    same message has the same Message-ID, so that a mailbox shows it once."""
    own = {"Message-ID": f"<hegui-{message.pk}-{int(message.created_at.timestamp())}@{DNS_NAME}>"}
    server = get_connection()
    server.open()
    try:
        EmailMessage(
            message.subject, clear_for_machine(message.text), to=[to], headers=own, connection=server
        ).send()
    except (SMTPServerDisconnected, TimeoutError) as error:
        raise gateway.PerhapsSent() from error
    finally:
        server.close()


def messages_to(number_index: bytes) -> list[Outgoing]:
    """Short messages to a number that wait. Few wait at any time: each is opened."""
    waiting = without_values(Outgoing.objects.filter(kind=Kind.SMS, state=State.WAITING)).order_by("pk")
    return [message for message in waiting if _is_to(message, number_index)]


def drop_messages_to(number_index: bytes) -> int:
    """The person is erased: what waits to be sent to them is not. Returns how many messages."""
    dropped = messages_to(number_index)
    for message in dropped:
        _end(message, State.GIVEN_UP)
    return len(dropped)


def _is_to(message: Outgoing, number_index: bytes) -> bool:
    """Whether it is to that number; one that cannot be opened is sent to nobody."""
    try:
        return message.number is not None and blind_index.number_index(message.number) == number_index
    except DecryptionFailed:
        return False


def _end(message: Outgoing, state: str) -> None:
    _mine(message).update(state=state, number=None, text=None, ended_at=clock.now())


@transaction.atomic
def _give_up(message: Outgoing) -> None:
    _end(message, State.GIVEN_UP)
    log.error("message_given_up", message=message.pk, kind=message.kind, why=message.error)
    said = Notice.objects.filter(
        code="message_given_up", created_at__gt=clock.now() - SAID_ONCE_IN, facts__kind=message.kind
    )
    if said.exists():
        return
    notify(
        User.objects.filter(role__in=[Role.ADMIN, Role.COMPLIANCE], is_active=True),
        "message_given_up",
        kind=message.kind,
        why=message.error,
    )
