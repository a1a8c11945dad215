"""How many requests a second an API client may make.

Permits of the running second are taken from Redis in blocks, so most requests cost no round trip. The
limit protects the others' speed and not the norm: when Redis is away, requests go through.
"""

import threading
import time
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from apps.core.database.redis_server import redis_server
from apps.core.errors import HeguiError

from .models import ApiClient

log = structlog.get_logger(__name__)
BLOCKS = 20  # of a second's permits, so that two processes share them fairly
KEPT_SECONDS = 5
AWAY_SECONDS = 5.0  # how long Redis is not asked again after it did not answer


class TooManyRequests(HeguiError):
    code = "too_many_requests"
    status = 429
    sentence = _("Too many requests. Go on after the second that Retry-After names.")


class _Local(threading.local):
    """What this thread holds of each client's permits: the second they are of, and how many."""

    def __init__(self) -> None:
        self.held: dict[int, tuple[int, int]] = {}


class _Redis:
    """The store of permits, and until when it is not asked because it did not answer."""

    def __init__(self) -> None:
        self.away_until = 0.0

    @property
    def is_away(self) -> bool:
        return not settings.REDIS_URL or time.monotonic() < self.away_until

    def note_away(self) -> None:
        self.away_until = time.monotonic() + AWAY_SECONDS
        log.warning("permits_away")


_local = _Local()
_redis = _Redis()


@cache
def _store() -> Any:
    return redis_server(socket_timeout=0.2, socket_connect_timeout=0.2)


def take_permit(client: ApiClient) -> None:
    """Count one request of the client. Raises `TooManyRequests` beyond its limit of this second."""
    second = int(time.time())
    of, left = _local.held.get(client.pk, (0, 0))
    if of == second and left > 0:
        _local.held[client.pk] = (second, left - 1)
        return
    if _redis.is_away:
        return
    block = max(1, client.requests_per_second // BLOCKS)
    key = f"hegui:{connection.settings_dict['NAME']}:permits:{client.pk}:{second}"
    try:
        store = _store()
        taken = int(store.incrby(key, block))
        if taken == block:
            store.expire(key, KEPT_SECONDS)
    except redis.RedisError:
        _redis.note_away()
        return
    granted = min(block, client.requests_per_second - (taken - block))
    if granted <= 0:
        raise TooManyRequests()
    _local.held[client.pk] = (second, granted - 1)
