"""Metrics of the gate and of calls under way."""

from collections import Counter
from datetime import timedelta

from django.db.models import Count

from apps.core.calendar import clock
from apps.core.web.metrics import Metric, Values, register

from .models import Call, Decision

HOUR = timedelta(hours=1)


def _decisions() -> Values:
    counted = Decision.objects.filter(at__gt=clock.now() - HOUR).values_list("allowed").annotate(Count("pk"))
    return [(("allowed" if allowed else "refused",), count) for allowed, count in counted]


def _refusals() -> Values:
    codes = Counter[str]()
    for found in (
        Decision.objects.filter(at__gt=clock.now() - HOUR, allowed=False)
        .values_list("codes", flat=True)
        .iterator()
    ):
        codes.update(found)
    return [((code,), count) for code, count in codes.items()]


def _calls() -> Values:
    counted = Call.objects.filter(ended_at__isnull=True).values_list("state").annotate(Count("pk"))
    return [((state,), count) for state, count in counted]


def register_all() -> None:
    register(
        Metric(
            "hegui_decisions_last_hour",
            "Decisions of the gate within the last hour.",
            _decisions,
            ("answer",),
        ),
        Metric(
            "hegui_refusals_last_hour",
            "Refusals within the last hour by rule; one decision may name several.",
            _refusals,
            ("rule",),
        ),
        Metric("hegui_calls_under_way", "Calls that have not ended.", _calls, ("state",)),
    )
