"""Metrics for Prometheus: what each room knows of its duties, counted when somebody asks, and how fast the
gate answers."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

log = structlog.get_logger(__name__)
SHARED = "PROMETHEUS_MULTIPROC_DIR"
Values = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True)
class Metric:
    """`ask` gives the values, each with its labels' values. Units are in the name (`_seconds`, `_bytes`)."""

    name: str
    words: str
    ask: Callable[[], Values]
    labels: tuple[str, ...] = ()


METRICS: dict[str, Metric] = {}
GATE_SECONDS = Histogram(
    "hegui_gate_seconds", "How long the gate took to answer over HTTP.", ["answer"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)  # fmt: skip


def register(*metrics: Metric) -> None:
    for metric in metrics:
        METRICS[metric.name] = metric


def one(value: float | None) -> Values:
    """A metric without labels; none where there is nothing to count from."""
    return [] if value is None else [((), float(value))]


class _Counted:
    """Asks each room when Prometheus does. A metric that cannot be counted is left out and counted itself."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        failed = GaugeMetricFamily(
            "hegui_figures_failed", "Figures that could not be counted.", labels=["figure"]
        )
        for metric in METRICS.values():
            family = GaugeMetricFamily(metric.name, metric.words, labels=metric.labels)
            try:
                for labels, value in metric.ask():
                    family.add_metric(labels, value)
            except Exception as error:  # noqa: BLE001  (one metric keeps no other from being exported)
                log.warning("figure_not_counted", metric=metric.name, why=type(error).__name__)
                failed.add_metric([metric.name], 1)
                continue
            yield family
        yield failed


def text() -> bytes:
    """All figures in Prometheus' text format, the gate's over all web processes of this host."""
    registry = CollectorRegistry()
    registry.register(_Counted())
    if SHARED in os.environ:  # the web processes of a host write into one folder (`config.wsgi`)
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(GATE_SECONDS)
    return generate_latest(registry)
