from typing import Any

from django.apps import AppConfig
from django.core.checks import register


def _remember(sender: Any, **kwargs: Any) -> None:
    from django.db import transaction

    from .services import write_register_now

    transaction.on_commit(write_register_now)


class RetentionConfig(AppConfig):
    name = "apps.retention"
    label = "retention"

    def ready(self) -> None:
        from apps.optouts.signals import opt_outs_recorded

        from .checks import everything_has_a_period

        register(everything_has_a_period)
        opt_outs_recorded.connect(_remember, dispatch_uid="retention.remember")
