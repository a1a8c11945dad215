from typing import Any

from django.apps import AppConfig


def _complained(sender: Any, actor: Any, call: Any, note: Any, **kwargs: Any) -> None:
    from .services import note_complaint_of_desk

    note_complaint_of_desk(actor=actor, call=call, note=note)


class QualityConfig(AppConfig):
    name = "apps.quality"
    label = "quality"

    def ready(self) -> None:
        from apps.accounts.services.people import KEEPS_SUSPENDED
        from apps.calls.signals import client_complained

        from .services import has_grave

        client_complained.connect(_complained, dispatch_uid="quality.complained")
        if has_grave not in KEEPS_SUSPENDED:
            KEEPS_SUSPENDED.append(has_grave)
