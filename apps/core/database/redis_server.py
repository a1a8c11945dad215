"""Redis, asked directly: what Celery's broker is to the queues, with the same demands on TLS (R4)."""

from typing import Any

import redis
from django.conf import settings


def tls() -> dict[str, Any]:
    """What a connection demands of TLS; nothing for a socket on this machine or an address without TLS."""
    return settings.REDIS_TLS if settings.REDIS_URL.startswith("rediss:") else {}


def redis_server(**options: Any) -> redis.Redis:
    """The server of `REDIS_URL`. `options` are those of `redis.Redis`, as time-outs in seconds."""
    # as Celery writes a socket, as redis-py does
    address = settings.REDIS_URL.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    return redis.Redis.from_url(address, **tls(), **options)
