from typing import Any

from django.apps import AppConfig


def _ended(sender: Any = None, **kwargs: Any) -> None:
    from celery import current_app

    from .services import note_duty

    name = str(getattr(sender, "name", ""))
    if any(entry["task"] == name for entry in current_app.conf.beat_schedule.values()):
        note_duty(name)


class JobsConfig(AppConfig):
    name = "apps.jobs"
    label = "jobs"

    def ready(self) -> None:
        from celery.signals import task_success

        from apps.audit.alarms import register

        from . import metrics
        from .alarm_rules import DUTY_MISSED

        metrics.register_all()
        register(DUTY_MISSED)
        task_success.connect(_ended, dispatch_uid="jobs.duty_ended")
