from typing import Any

from django.apps import AppConfig


def _withdraw(sender: Any, opt_out: Any, number_index: bytes, **kwargs: Any) -> None:
    from .services.calling import withdraw_number

    withdraw_number(number_index=number_index, opted_out_at=opt_out.said_at)


class CallsConfig(AppConfig):
    name = "apps.calls"
    label = "calls"

    def ready(self) -> None:
        from apps.optouts.signals import opt_out_recorded

        opt_out_recorded.connect(_withdraw, dispatch_uid="calls.withdraw")
