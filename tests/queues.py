"""The queue, taken away from a test."""

import pytest
from celery import current_app


def lose_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing answers where Redis is looked for, until `monkeypatch` takes it back."""
    # in this order: the first reads as the second as long as nobody has set it
    for name in ("broker_write_url", "broker_url"):
        monkeypatch.setattr(current_app.conf, name, "redis+socket:///nowhere/redis.sock")
