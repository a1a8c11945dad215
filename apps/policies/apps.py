from collections.abc import Mapping
from datetime import datetime

from django.apps import AppConfig


class _Thresholds:
    """The implementation of `audit.alarms.thresholds`."""

    def in_force(self, at: datetime) -> Mapping[str, int]:
        from .queries import alarm_thresholds

        return alarm_thresholds(at)


class PoliciesConfig(AppConfig):
    name = "apps.policies"
    label = "policies"

    def ready(self) -> None:
        from apps.audit.alarms import thresholds

        thresholds.provide(_Thresholds())
