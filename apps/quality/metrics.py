"""What waits to be transcribed, for metrics and `doctor`."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from apps.core.calendar import clock
from apps.core.web.health import Outcome, Probe, warning, well
from apps.core.web.health import register as register_probes
from apps.core.web.metrics import Metric, one, register

from .models import Recording

LONG = timedelta(hours=3)


def _waiting() -> int:
    return Recording.objects.filter(transcribe_at__isnull=False).count()


def _heard() -> Outcome:
    oldest = Recording.objects.filter(transcribe_at__lt=clock.now() - LONG).count()
    if not oldest:
        return well()
    return warning(
        _("%(count)d recordings have waited to be transcribed for more than three hours.")
        % {"count": oldest},
        _("Start the worker of the queue speech, or more of them (HEGUI_SPEECH_WORKERS), and see its log."),
    )


def register_all() -> None:
    register(
        Metric(
            "hegui_recordings_to_transcribe",
            "Recordings that the speech-to-text adapter has not heard yet.",
            lambda: one(_waiting()),
        )
    )
    register_probes(Probe("speech", _heard))
