"""Whether the site may work: probes that each answer well, warning or wrong, with what was found and what to
do.

Rooms register what they know of (`register`). `/health/ready` asks those that a load balancer has to know of,
`manage.py doctor` all of them. A probe that fails is an answer too: wrong.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class HealthState(StrEnum):
    WELL = "well"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Outcome:
    """`said` and `hint` hold no secret and nothing of a person: what is reached from outside shows the state
    alone."""

    state: HealthState
    said: Text = ""
    hint: Text = ""


@dataclass(frozen=True)
class Probe:
    """`is_needed`: without it this host answers no request rightly, so none should be sent to it. `is_quick`:
    asked from outside. `advice`: what to look at when it cannot be asked."""

    name: str
    ask: Callable[[], Outcome]
    is_needed: bool = False
    is_quick: bool = False
    advice: Text = ""


PROBES: dict[str, Probe] = {}


def register(*probes: Probe) -> None:
    for probe in probes:
        PROBES[probe.name] = probe


def well(said: Text = "") -> Outcome:
    return Outcome(HealthState.WELL, said)


def warning(said: Text, hint: Text = "") -> Outcome:
    return Outcome(HealthState.WARNING, said, hint)


def wrong(said: Text, hint: Text = "") -> Outcome:
    return Outcome(HealthState.WRONG, said, hint)


def ask(probes: Iterable[Probe]) -> dict[str, Outcome]:
    """The outcome of each, by name."""
    return {probe.name: _asked(probe) for probe in probes}


def _asked(probe: Probe) -> Outcome:
    try:
        return probe.ask()
    except Exception as error:  # noqa: BLE001  (whatever keeps a probe from its answer is the answer; its text may hold an address)
        return wrong(_("It could not be asked (%(why)s).") % {"why": type(error).__name__}, probe.advice)


def is_ready(outcomes: dict[str, Outcome]) -> bool:
    return not any(
        outcome.state == HealthState.WRONG for name, outcome in outcomes.items() if PROBES[name].is_needed
    )
