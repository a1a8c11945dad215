"""What is seen of the site from outside without a sign-in: that it lives, whether it is ready, its figures.

It stands before everything else: a load balancer asks by address, not by name, and a host that is not ready
has to say so.
"""

import hmac
import json
import threading
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

from . import health, metrics
from .health import PROBES, Outcome
from .proxies import is_within, networks_of

log = structlog.get_logger(__name__)
FRESH = 5.0  # seconds for which an answer of the probes holds
STALE = 30.0  # seconds after which it is none any more
FIRST = 2.0  # seconds that a request waits for the first one
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Asked:
    """The outcome of the quick probes as this process last saw it. One request asks; those beside it get what
    was seen before, so that a probe that hangs holds one thread and not all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.outcomes: dict[str, Outcome] = {}
        self.at = -FRESH

    def now(self) -> dict[str, Outcome]:
        if time.monotonic() - self.at >= FRESH and self._lock.acquire(timeout=0 if self.outcomes else FIRST):
            try:
                if time.monotonic() - self.at >= FRESH:
                    self.outcomes, self.at = (
                        health.ask(probe for probe in PROBES.values() if probe.is_quick),
                        time.monotonic(),
                    )
            finally:
                self._lock.release()
        return self.outcomes

    def is_ready(self) -> bool:
        """No outcome, or one that is old because a probe hangs, is never a yes."""
        outcomes = self.now()
        return bool(outcomes) and time.monotonic() - self.at < STALE and health.is_ready(outcomes)


asked = _Asked()


class SeenFromOutside:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = ANSWERS.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return _never_kept(HttpResponse(status=405, headers={"Allow": "GET, HEAD"}))
        return _never_kept(answer(request))


def _never_kept(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _is_ready() -> metrics.Values:
    return metrics.one(asked.is_ready())


metrics.register(
    metrics.Metric("hegui_ready", "1 while this host answers rightly (/health/ready).", _is_ready)
)


def _live(request: HttpRequest) -> HttpResponse:
    return HttpResponse("alive\n", content_type="text/plain")


def _ready(request: HttpRequest) -> HttpResponse:
    """200 while this host answers rightly, though something beside it may be away; 503 while it does not.
    States alone, no words."""
    is_ready = asked.is_ready()
    body = {
        "ready": is_ready,
        "checks": {name: str(outcome.state) for name, outcome in asked.outcomes.items()},
    }
    return HttpResponse(json.dumps(body), status=200 if is_ready else 503, content_type="application/json")


def _metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(metrics.text(), content_type=METRICS_TYPE)


def _may_read(request: HttpRequest) -> bool:
    word = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    if settings.HEGUI_METRICS_TOKEN:
        return hmac.compare_digest(word.encode(), settings.HEGUI_METRICS_TOKEN.encode())
    return is_within(request.META.get("REMOTE_ADDR", ""), networks_of(tuple(settings.HEGUI_METRICS_NETWORKS)))


ANSWERS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/health/live": _live,
    "/health/ready": _ready,
    "/metrics": _metrics,
}


def refuse_to_start(*, serves_pages: bool) -> None:
    """Before a server takes its first request or task: what can be known without the database. Raises
    `ImproperlyConfigured`."""
    from django.core import checks

    found = [each for each in checks.run_checks() if each.is_serious() and not each.is_silenced()]
    wrong = [f"{each.msg} {each.hint or ''}".strip() for each in found]
    if (
        serves_pages
        and (outcome := health.ask([PROBES["static_files"]])["static_files"]).state
        == health.HealthState.WRONG
    ):
        wrong.append(f"{outcome.said} {outcome.hint}")
    if wrong:
        raise ImproperlyConfigured("Hegui does not start:\n- " + "\n- ".join(wrong))
