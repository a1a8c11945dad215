"""Metrics of webhooks: what waits, what was given up, since when opt-outs have waited."""

from django.db.models import Count

from apps.core.calendar import clock
from apps.core.web.metrics import Metric, Values, one, register

from .models import Delivery


def _deliveries() -> Values:
    counted = (
        Delivery.objects.exclude(state=Delivery.State.DONE)
        .values_list("end_point__name", "state")
        .annotate(Count("pk"))
    )
    return [((name, state), count) for name, state, count in counted]


def _urgent_waiting() -> Values:
    oldest = (
        Delivery.objects.filter(state=Delivery.State.WAITING, is_urgent=True, end_point__is_active=True)
        .order_by("created_at")
        .first()
    )
    return one((clock.now() - oldest.created_at).total_seconds() if oldest else 0)


def register_all() -> None:
    register(
        Metric(
            "hegui_webhook_deliveries",
            "Deliveries that wait or were given up.",
            _deliveries,
            ("end_point", "state"),
        ),
        Metric(
            "hegui_webhook_urgent_seconds",
            "How long the oldest urgent delivery (opt-out, deletion) has waited.",
            _urgent_waiting,
        ),
    )
