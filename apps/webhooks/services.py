"""Telling other systems, by Standard Webhooks: signed, with time and id, again and again until it arrived or
died."""

import base64
import json
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import structlog
from celery import current_app
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError
from standardwebhooks import Webhook

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, HeguiError, NotAllowed, WrongState
from apps.core.privacy.protected import clear_for_machine
from apps.notifications.services import notify, was_notified

from .models import URGENT, Delivery, EndPoint, Event, EventKind
from .sending import ALL_SECONDS, check_url, post

log = structlog.get_logger(__name__)
# The waits after each attempt, about 76 hours together; then a delivery is dead until somebody sends it
# again.
BACK_OFF = [
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
]
LEASE = timedelta(minutes=3)
OVERLAP = timedelta(days=1)
SILENCE = timedelta(seconds=30)  # until an end point that did not answer is tried again
AT_ONCE = 50
SLOW = 3.0  # seconds
LONGEST_RUN = 20.0  # seconds, then others have their turn
WAKES_WITHIN = 60  # seconds: the schedule does it meanwhile
LONGEST = timedelta(seconds=ALL_SECONDS + 5)  # of one attempt, the look-up of the name with it
GONE = 410
Facts = dict[str, Any]
# How facts become what a client is sent; a room that needs more than its facts registers one.
RENDERERS: dict[str, Callable[[Facts, ApiClient], Facts]] = {}


def emit(kind: str, facts: Facts) -> None:
    """Tell whoever wants to know, once the caller's transaction is over. Costs one query when nobody does."""
    now = clock.now()
    wanted = list(
        EndPoint.objects.filter(_in_force(now), kinds__contains=[kind]).values_list("pk", flat=True)
    )
    if not wanted:
        return
    event = Event.objects.create(kind=kind, facts=facts, created_at=now)
    Delivery.objects.bulk_create(
        Delivery(event=event, end_point_id=pk, is_urgent=kind in URGENT, next_at=now, created_at=now)
        for pk in wanted
    )
    transaction.on_commit(_wake, robust=True)


def _in_force(now: datetime, path: str = "") -> Q:
    """End points whose client's key would be taken (`accounts.services.client_of_key`): who may not ask is
    told nothing."""
    client = f"{path}client__"
    return Q(
        **{
            f"{path}is_active": True,
            f"{client}is_active": True,
            f"{client}ends_at__gt": now,
            f"{client}owner__is_active": True,
        }
    )


def _wake() -> None:
    try:
        current_app.send_task("apps.webhooks.tasks.deliver_due", expires=WAKES_WITHIN)
    except OperationalError:
        log.warning("queue_away", task="deliver_due")  # the schedule finds them


# -- delivering


def deliver_due() -> int:
    """Send what is due, urgent things first. Returns how many arrived. Others may do the same beside it."""
    arrived, run_began = 0, time.monotonic()
    # end points that did not answer in this round, or slowly: the others are notified first
    silent: set[int] = set()
    unanswered: set[int] = set()  # those of them that did not answer
    while (batch := _claimed(silent)) is not None:
        for delivery in batch:
            # others have their turn; the schedule comes back within seconds
            if time.monotonic() - run_began > LONGEST_RUN:
                _put_off(delivery, until=clock.now())
                continue
            if clock.now() + LONGEST >= delivery.next_at:  # the lease ends: with the next round, or by others
                _put_off(delivery, until=clock.now())
                continue
            if delivery.end_point_id in silent:
                _put_off(delivery, until=clock.now() + BACK_OFF[0])
                continue
            begun = time.monotonic()
            if not _deliver(delivery):
                unanswered.add(delivery.end_point_id)
            if delivery.end_point_id in unanswered or time.monotonic() - begun > SLOW:
                silent.add(delivery.end_point_id)
            arrived += delivery.state == Delivery.State.DONE
        if time.monotonic() - run_began > LONGEST_RUN:
            break
    # What else waits for one that did not answer waits with it: one attempt at a time says whether it is
    # back.
    due = Delivery.objects.filter(
        state=Delivery.State.WAITING, end_point__in=unanswered, next_at__lte=clock.now()
    )
    due.update(next_at=clock.now() + SILENCE)
    return arrived


@transaction.atomic
def _claimed(silent: set[int]) -> list[Delivery] | None:
    """Deliveries that are due, leased to this worker: one that dies leaves them to others after two minutes.
    None when none is due."""
    now = clock.now()
    due = Delivery.objects.filter(
        _in_force(now, "end_point__"), state=Delivery.State.WAITING, next_at__lte=now
    )
    due = due.exclude(end_point__in=silent).select_for_update(skip_locked=True, of=("self",))
    due = due.select_related("event", "end_point__client").defer(
        "end_point__secret", "end_point__previous_secret"
    )
    batch = list(due.order_by("-is_urgent", "next_at", "pk")[:AT_ONCE])
    if not batch:
        return None
    for delivery in batch:
        delivery.next_at, delivery.attempts = now + LEASE, delivery.attempts + 1
        if not delivery.body:
            _render(delivery)
    Delivery.objects.bulk_update(batch, ["next_at", "attempts", "body", "state", "answer", "ended_at"])
    return [delivery for delivery in batch if delivery.state == Delivery.State.WAITING]


def _render(delivery: Delivery) -> None:
    """Make its body. An event that cannot be rendered is set aside and the admins are notified: those behind
    it go on."""
    try:
        with transaction.atomic():
            delivery.body = _body(delivery)
    except Exception as error:  # whatever a row above holds
        log.exception("webhook_set_aside", delivery=delivery.pk, kind=delivery.event.kind)
        delivery.state, delivery.ended_at = Delivery.State.DEAD, clock.now()
        delivery.answer = f"not rendered: {type(error).__name__}"
        notify(_admins(), "webhook_set_aside", end_point=str(delivery.end_point), event=delivery.event_id)


def _body(delivery: Delivery) -> str:
    event = delivery.event
    render = RENDERERS.get(event.kind)
    data = render(event.facts, delivery.end_point.client) if render else event.facts
    return json.dumps(
        {"type": event.kind, "timestamp": event.created_at.astimezone(UTC).isoformat(), "data": data},
        separators=(",", ":"),
    )


def _put_off(delivery: Delivery, *, until: datetime) -> None:
    """It was claimed and not tried: it waits without losing an attempt."""
    _write(delivery, next_at=until, attempts=delivery.attempts - 1)


def _write(delivery: Delivery, **values: Any) -> None:
    """What became of an attempt, as long as no other worker has begun another since."""
    if not Delivery.objects.filter(
        pk=delivery.pk, state=Delivery.State.WAITING, attempts=delivery.attempts
    ).update(**values):
        log.warning("webhook_lease_lost", delivery=delivery.pk)
    for name, value in values.items():
        setattr(delivery, name, value)


def _deliver(delivery: Delivery) -> bool:
    """One attempt. Returns whether the end point answered at all."""
    end_point = delivery.end_point
    try:
        status = post(end_point.url, headers=_signed(delivery, clock.now()), body=delivery.body.encode())
    except (
        httpcore.NetworkError,
        httpcore.TimeoutException,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
        HeguiError,
    ) as error:
        _failed(delivery, type(error).__name__)
        return False
    if 200 <= status < 300:
        _write(delivery, state=Delivery.State.DONE, answer=str(status), ended_at=clock.now())
        return True
    _failed(delivery, str(status))
    if status == GONE:
        EndPoint.objects.filter(pk=end_point.pk).update(is_active=False, ended_because="410 Gone")
        notify(_admins(), "webhook_given_up", end_point=str(end_point), answer="410 Gone")
        return False
    return True


def _signed(delivery: Delivery, at: datetime) -> dict[str, str]:
    """Standard Webhooks' headers: id, time, and a signature under each secret in force."""
    at = at.astimezone(UTC)
    end_point = delivery.end_point
    known = [end_point.secret]
    if end_point.previous_secret is not None and end_point.previous_until and end_point.previous_until > at:
        known.append(end_point.previous_secret)
    signatures = [
        Webhook(clear_for_machine(secret)).sign(delivery.message_id, at, delivery.body) for secret in known
    ]
    return {
        "content-type": "application/json",
        "user-agent": "Hegui",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _failed(delivery: Delivery, answer: str) -> None:
    now, answer = clock.now(), answer[:120]
    if delivery.attempts > len(BACK_OFF):
        _write(delivery, state=Delivery.State.DEAD, answer=answer, ended_at=now)
        log.error("webhook_dead", delivery=delivery.pk, end_point=delivery.end_point_id)
        name = str(delivery.end_point)
        # once for all that an outage leaves
        if not was_notified("webhook_given_up", since=now - timedelta(days=1), end_point=name):
            notify(_admins(), "webhook_given_up", end_point=name, answer=answer)
    else:
        _write(delivery, answer=answer, next_at=now + BACK_OFF[delivery.attempts - 1])


def _admins() -> QuerySet[User]:
    return User.objects.filter(role=Role.ADMIN, is_active=True)


# -- end points


def _require_admin(actor: User) -> None:
    if actor.role != Role.ADMIN:
        raise NotAllowed()


def new_secret() -> str:
    """256 random bits in the form that Standard Webhooks asks for."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


@transaction.atomic
def add_end_point(
    *, actor: User, name: str, client: ApiClient, url: str, kinds: Sequence[str]
) -> tuple[EndPoint, str]:
    """The end point and its secret, which is shown this once. Raises `AddressRefused`, `BadInput`."""
    _require_admin(actor)
    check_url(url)
    if not kinds or set(kinds) - set(EventKind.values):
        raise BadInput(_("Choose the events to be sent."))
    secret = new_secret()
    made = EndPoint(
        name=name.strip(), client=client, url=url, kinds=list(kinds), secret=secret, created_at=clock.now()
    )
    if EndPoint.objects.filter(name=made.name).exists():
        raise BadInput(_("There is an end point of that name."))
    made.save()
    return made, secret


@transaction.atomic
def rotate_secret(*, actor: User, end_point: EndPoint) -> tuple[EndPoint, str]:
    """A new secret; messages carry signatures under both for a day."""
    _require_admin(actor)
    end_point = EndPoint.objects.select_for_update().get(pk=end_point.pk)
    secret = new_secret()
    end_point.previous_secret, end_point.previous_until, end_point.secret = (
        end_point.secret,
        clock.now() + OVERLAP,
        secret,
    )
    end_point.save()
    return end_point, secret


@transaction.atomic
def switch_end_point(*, actor: User, end_point: EndPoint, active: bool) -> EndPoint:
    """End it, or begin again: what waited meanwhile is sent then."""
    _require_admin(actor)
    end_point = EndPoint.objects.select_for_update().get(pk=end_point.pk)
    end_point.is_active, end_point.ended_because = active, "" if active else str(actor)
    end_point.save()
    if active:
        transaction.on_commit(_wake, robust=True)
    return end_point


@transaction.atomic
def send_again(*, actor: User, delivery: Delivery) -> Delivery:
    """Bring a dead delivery back, with all its attempts before it. Raises `WrongState` for one that is not
    dead."""
    _require_admin(actor)
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if delivery.state != Delivery.State.DEAD:
        raise WrongState()
    delivery.state, delivery.attempts, delivery.next_at, delivery.ended_at = (
        Delivery.State.WAITING,
        0,
        clock.now(),
        None,
    )
    delivery.save()
    transaction.on_commit(_wake, robust=True)
    return delivery


@transaction.atomic
def send_all_again(*, actor: User, end_point: EndPoint) -> int:
    """Bring back every dead delivery of an end point, as after a long outage of its receiver; returns how
    many."""
    _require_admin(actor)
    dead = end_point.deliveries.filter(state=Delivery.State.DEAD)
    brought = dead.update(state=Delivery.State.WAITING, attempts=0, next_at=clock.now(), ended_at=None)
    transaction.on_commit(_wake, robust=True)
    return brought
