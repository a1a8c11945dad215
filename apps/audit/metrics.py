"""The trail's figures and probe: whether what happened is under tree heads, and their heads outside."""

from django.utils.translation import gettext_lazy as _

from apps.core.calendar import clock
from apps.core.web.health import Outcome, Probe, warning, well
from apps.core.web.health import register as register_probes
from apps.core.web.metrics import Metric, Values, one, register

from .models import Alarm
from .services.signing import LATE, waiting_since


def _behind() -> float:
    now = clock.now()
    return max(((now - since).total_seconds() for since in waiting_since().values()), default=0.0)


def _alarms() -> Values:
    return one(Alarm.objects.exclude(state=Alarm.State.CLOSED).count())


def _signed() -> Outcome:
    seconds = _behind()
    if seconds <= LATE.total_seconds():
        return well()
    return warning(
        _("Rows of the trail have waited %(minutes)d minutes for their tree head.")
        % {"minutes": seconds // 60},
        _("See whether the workers run and the place of the heads can be written."),
    )


def register_all() -> None:
    register(
        Metric(
            "hegui_trail_behind_seconds",
            "Since when rows of the trail wait for a tree head; 0 when none does.",
            lambda: one(_behind()),
        ),
        Metric("hegui_alarms_open", "Alarms that nobody has closed.", _alarms),
    )
    register_probes(Probe("trail", _signed, is_quick=True))
