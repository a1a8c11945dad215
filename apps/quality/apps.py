from typing import Any

from django.apps import AppConfig


def _complained(sender: Any, actor: Any, call: Any, note: Any, **kwargs: Any) -> None:
    from .services import note_complaint_of_desk

    note_complaint_of_desk(actor=actor, call=call, note=note)


class _Suspending:
    """The implementation of `accounts.ports.suspending`."""

    def keeps_suspended(self, agent: Any) -> bool:
        from .services import has_grave

        return has_grave(agent)


class QualityConfig(AppConfig):
    name = "apps.quality"
    label = "quality"

    def ready(self) -> None:
        from apps.accounts.ports import suspending
        from apps.calls.signals import client_complained
        from apps.core.web import ids

        client_complained.connect(_complained, dispatch_uid="quality.complained")
        suspending.provide(_Suspending())
        ids.register(recording="rc", complaint="co")
