"""Timing, in processes of their own, and what a benchmark tells."""

import os
import pickle
import resource
import statistics
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, connections


@dataclass(frozen=True)
class Scale:
    """How much to do: `factor` 1 is the size that the goals are stated for."""

    factor: float = 1.0

    def of(self, count: int) -> int:
        return max(100, int(count * self.factor))


@dataclass(frozen=True)
class Comparison:
    """One comparison. Rates are per second, higher is better; `goal` is the least ratio."""

    name: str
    unit: str
    ours: Sequence[float]
    floor: Sequence[float]
    goal: float
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.floor)

    @property
    def is_reached(self) -> bool:
        """The ratio, and the memory where that is bounded too."""
        return self.ratio >= self.goal and self.notes.get("peak_mb", 0) <= self.notes.get(
            "goal_peak_mb", float("inf")
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": round(statistics.median(self.ours), 1),
            "floor": round(statistics.median(self.floor), 1),
            "spread": {"ours": _spread(self.ours), "floor": _spread(self.floor)},
            "ratio": round(self.ratio, 3),
            "goal": self.goal,
            "reached": self.is_reached,
            **self.notes,
        }


def _spread(rates: Sequence[float]) -> float:
    """Range over median: 0.1 means that the runs lay within ten percent."""
    return round((max(rates) - min(rates)) / (statistics.median(rates) or 1), 3)


def in_process(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run `work` in a forked process with connections of its own; its result must pickle."""
    return in_processes(work, [arguments])[0]


def in_processes(work: Callable[..., Any], each: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Run `work` once for each tuple of arguments, all at the same time."""
    connections.close_all()
    children = []
    for arguments in each:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            code = 1
            try:
                with os.fdopen(writing, "wb") as out:
                    pickle.dump(work(*arguments), out)
                code = 0
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                connection.close()
                os._exit(code)
        os.close(writing)
        children.append((pid, reading))
    results = []
    for pid, reading in children:
        with os.fdopen(reading, "rb") as result:
            body = result.read()
        _pid, status = os.waitpid(pid, 0)
        if status:
            raise RuntimeError("A measuring process failed; its error is above.")
        results.append(pickle.loads(body))
    return results


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_megabytes() -> float:
    """The most memory that this process, or one of its children, has held."""
    return (
        max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        / 1024
    )
