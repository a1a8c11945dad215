from typing import Any

from django.apps import AppConfig
from django.core.checks import register


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
        from apps.core import references

        from .labels import LABELS

        references.register(LABELS)
        from apps.accounts.ports import suspending
        from apps.calls.signals import client_complained
        from apps.core.web import ids
        from apps.notifications.sentences import register_fact

        from . import metrics
        from .checks import adapter_can_be_made
        from .models import Complaint, Violation

        register(adapter_can_be_made)
        metrics.register_all()
        client_complained.connect(_complained, dispatch_uid="quality.complained")
        suspending.provide(_Suspending())
        register_fact("complaint_recorded", "kind", lambda kind: Complaint.Kind(kind).label)
        register_fact("violation_found", "kind", lambda kind: Violation.Kind(kind).label)
        ids.register(recording="rc", complaint="co")
