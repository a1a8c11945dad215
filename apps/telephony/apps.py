from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    name = "apps.telephony"
    label = "telephony"

    def ready(self) -> None:
        from apps.audit import alarms
        from apps.core import references
        from apps.core.web import ids

        from . import metrics
        from .alarm_rules import ATTEMPTS_REFUSED, CALLS_BESIDE, UNKNOWN_SENDERS
        from .labels import LABELS

        references.register(LABELS)
        ids.register(dialler="dl", trunk="tk")
        alarms.register(ATTEMPTS_REFUSED, CALLS_BESIDE, UNKNOWN_SENDERS)
        metrics.register_all()
