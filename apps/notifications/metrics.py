"""Metrics of the outbox of short messages and e-mails."""

from datetime import timedelta

from django.db.models import Count, Q

from apps.core.calendar import clock
from apps.core.web.metrics import Metric, Values, register

from .models import Outgoing


def _outgoing() -> Values:
    recent = Q(state=Outgoing.State.GIVEN_UP, ended_at__gt=clock.now() - timedelta(days=1))
    counted = (
        Outgoing.objects.filter(Q(state=Outgoing.State.WAITING) | recent)
        .values_list("kind", "state")
        .annotate(Count("pk"))
    )
    return [((kind, state), count) for kind, state, count in counted]


def register_all() -> None:
    register(
        Metric(
            "hegui_messages",
            "Messages that wait, and those given up within a day.",
            _outgoing,
            ("kind", "state"),
        )
    )
