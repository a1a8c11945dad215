"""Looking numbers up: a mask hides four digits, and a search that says yes or no gives them away, one
question at a time.

So each question is counted for who asks it, in the hour and in the day, and remembered for two days by keyed
hashes: of the number, and of what its mask shows. Who asks for a third number under one mask raises an alarm.
The same holds for programs, and for lists.
"""

import hmac
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.audit.alarms import limit_of
from apps.audit.services import raise_alarm_about
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.crypto.blind_index import Phone
from apps.core.database.locks import lock_searcher
from apps.core.errors import HeguiError
from apps.core.privacy.masks import mask_phone
from apps.core.privacy.protected import Protected

from ..models import NumberSearch

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEPT = timedelta(days=2)
# Questions an hour and a day. An agent needs some for call-backs, those who review and answer need more.
PER_PERSON = {Role.AGENT: (20, 60), Role.SUPERVISOR: (60, 240), Role.COMPLIANCE: (120, 480)}
PER_CLIENT = (60, 240)  # of numbers that nobody here has, for a key that may not dial
SPREAD = 5_000  # numbers for so many of which one more under one mask is chance
# a list that is no longer is remembered number by number: many short ones find as much as a long one
REMEMBERED = 5_000


class SearchQuotaReached(HeguiError):
    code = "search_quota_reached"
    status = 429
    sentence = _(
        "You have searched for as many numbers as an hour or a day allows. Wait, or ask a colleague."
    )


@transaction.atomic
def count_lookup(*, actor: User | None = None, client: ApiClient | None = None) -> None:
    """Raises `SearchQuotaReached` when the person or program has asked as often as an hour or a day
    allows."""
    _lock(actor, client)
    now = clock.now()
    per_hour, per_day = PER_CLIENT if actor is None else PER_PERSON.get(Role(actor.role), (0, 0))
    asked = NumberSearch.objects.filter(actor=actor, client=client, listed=False)
    for span, most in ((HOUR, per_hour), (DAY, per_day)):
        if asked.filter(created_at__gt=now - span).count() >= most:
            raise SearchQuotaReached()


@transaction.atomic
def note_number(*, number: Phone | None, actor: User | None = None, client: ApiClient | None = None) -> None:
    """Remember a question, whatever came of it. None: for last digits alone, or for what is no number."""
    _lock(actor, client)
    now = clock.now()
    NumberSearch.objects.filter(created_at__lt=now - KEPT).delete()
    mask_hash, number_hash = (
        (_mask_hash(number), blind_index.number_index(number)) if number else (None, None)
    )
    NumberSearch.objects.create(
        actor=actor, client=client, mask_hash=mask_hash, number_hash=number_hash, created_at=now
    )
    if mask_hash is not None:
        _look_for_neighbours([mask_hash], actor, client)


def _look_for_neighbours(
    mask_hashes: Collection[bytes], actor: User | None, client: ApiClient | None
) -> None:
    """Raise an alarm, once, for the mask under which most numbers were asked for within a day, if they are
    more than chance."""
    now = clock.now()
    of_day = NumberSearch.objects.filter(actor=actor, client=client, created_at__gt=now - DAY)
    limit = limit_of("numbers_guessed", now) + of_day.filter(listed=True).count() // SPREAD
    by_mask = (
        of_day.filter(mask_hash__in=mask_hashes)
        .values("mask_hash")
        .annotate(neighbours=Count("number_hash", distinct=True))
    )
    for most in by_mask.filter(neighbours__gte=limit).order_by("-neighbours")[:1]:
        same = of_day.filter(mask_hash=most["mask_hash"])
        if not same.filter(has_alarmed=True).exists():
            same.update(has_alarmed=True)
            _alarm(most["neighbours"], actor, client)


@transaction.atomic
def search_number(*, actor: User, number: Phone | None) -> None:
    """Count and remember one exact search of a person. Raises `SearchQuotaReached`."""
    count_lookup(actor=actor)
    note_number(actor=actor, number=number)


def watch_list(
    numbers: Iterable[Phone], *, actor: User | None = None, client: ApiClient | None = None
) -> None:
    """Raise an alarm when a list, or the lists of a day together, hold more numbers under one mask than
    chance brings together."""
    masks: Counter[str] = Counter()
    remembered: dict[bytes, bytes] | None = {}
    for number in set(numbers):
        masks[_mask(number)] += 1
        if remembered is not None:
            remembered[blind_index.number_index(number)] = _mask_hash(number)
            if len(remembered) > REMEMBERED:
                remembered = None
    if remembered:
        _remember(remembered, actor, client)
    elif masks:
        _judge(masks, actor, client)


@transaction.atomic
def _remember(listed: dict[bytes, bytes], actor: User | None, client: ApiClient | None) -> None:
    """`listed`: the hash of each number, and that of what its mask shows."""
    _lock(actor, client)
    now = clock.now()
    NumberSearch.objects.filter(created_at__lt=now - KEPT).delete()
    NumberSearch.objects.bulk_create(
        NumberSearch(
            actor=actor, client=client, mask_hash=mask, number_hash=number, created_at=now, listed=True
        )
        for number, mask in listed.items()
    )
    _look_for_neighbours(set(listed.values()), actor, client)


def watch_masks(masks: Iterable[str], *, actor: User | None = None, client: ApiClient | None = None) -> None:
    """The same for a list whose numbers are masked already, each of them once."""
    _judge(Counter(masks), actor, client)


def _judge(counts: Counter[str], actor: User | None, client: ApiClient | None) -> None:
    if (
        counts
        and (most := max(counts.values()))
        >= limit_of("numbers_guessed", clock.now()) + counts.total() // SPREAD
    ):
        _alarm(most, actor, client)


def _mask(number: Phone) -> str:
    return str(number) if isinstance(number, Protected) else mask_phone(number)


def _lock(actor: User | None, client: ApiClient | None) -> None:
    """One question at a time for who asks, so that the quota holds."""
    lock_searcher(actor.pk if actor else -client.pk if client else 0)


def _mask_hash(number: Phone) -> bytes:
    return hmac.digest(blind_index.mask_key(), _mask(number).encode(), "sha256")


def _alarm(count: int, actor: User | None, client: ApiClient | None) -> None:
    raise_alarm_about("numbers_guessed", count, actor=actor, client=client)
