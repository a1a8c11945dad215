from typing import Any

from django.apps import AppConfig


def _withdraw(sender: Any, opt_outs: Any, number_indexes: list[bytes], **kwargs: Any) -> None:
    from .services.calling import withdraw_numbers

    first = opt_outs[0]
    withdraw_numbers(number_indexes=number_indexes, opted_out_at=first.said_at, scope=first.scope, scope_value=first.scope_value)


class CallsConfig(AppConfig):
    name = "apps.calls"
    label = "calls"

    def ready(self) -> None:
        from apps.optouts.signals import opt_outs_recorded

        opt_outs_recorded.connect(_withdraw, dispatch_uid="calls.withdraw")
