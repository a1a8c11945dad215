"""Metrics of the register: near misses that wait for a person, and how fast a word takes effect."""

from apps.core.web.metrics import Metric, Values, one, register

from .models import Message, OptOut
from .queries import latency


def _latency() -> Values:
    of_week = latency()
    return (
        []
        if of_week is None
        else [(("p50",), of_week.median.total_seconds()), (("p99",), of_week.p99.total_seconds())]
    )


def register_all() -> None:
    register(
        Metric(
            "hegui_opt_out_messages_waiting",
            "Messages that may be refusals and wait for a person; their numbers are blocked meanwhile.",
            lambda: one(Message.objects.filter(reading=Message.Reading.NEAR, judged_at__isnull=True).count()),
        ),
        Metric(
            "hegui_opt_out_seconds", "From the word to the block, over seven days.", _latency, ("quantile",)
        ),
        Metric("hegui_opt_outs", "Entries of the register.", lambda: one(OptOut.objects.count())),
    )
