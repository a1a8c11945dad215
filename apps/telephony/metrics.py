"""Metrics of the gateways and of what they refused."""

from collections import Counter
from datetime import timedelta

from apps.core.calendar import clock
from apps.core.web.metrics import Metric, Values, register

from .models import Attempt, Gateway

HOUR = timedelta(hours=1)


def _attempts() -> Values:
    codes = Counter[str]()
    for found in Attempt.objects.filter(at__gt=clock.now() - HOUR).values_list("codes", flat=True).iterator():
        codes.update(found or ["relayed"])
    return [((code,), count) for code, count in codes.items()]


def _waiting() -> Values:
    return [
        ((gateway.client.name,), gateway.oldest_seconds)
        for gateway in Gateway.objects.select_related("client")
    ]


def _seen() -> Values:
    now = clock.now()
    return [
        ((gateway.client.name,), (now - gateway.seen_at).total_seconds())
        for gateway in Gateway.objects.select_related("client")
    ]


def register_all() -> None:
    register(
        Metric(
            "hegui_attempts_last_hour",
            "INVITEs at the gateways within the last hour by what became of them.",
            _attempts,
            ("outcome",),
        ),
        Metric(
            "hegui_gateway_oldest_seconds",
            "Age of the oldest event or recording that waits at a gateway.",
            _waiting,
            ("gateway",),
        ),
        Metric("hegui_gateway_silent_seconds", "Since when a gateway has not reported.", _seen, ("gateway",)),
    )
