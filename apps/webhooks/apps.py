from typing import Any

from django.apps import AppConfig


def _agent_suspended(sender: Any, agent: Any, **kwargs: Any) -> None:
    from .models import Kind
    from .services import emit

    emit(Kind.AGENT_SUSPENDED, {"agent": agent.username, "reason": agent.suspended_for})


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from apps.accounts.signals import agent_suspended

        from . import metrics

        metrics.register_all()
        agent_suspended.connect(_agent_suspended, dispatch_uid="webhooks.agent_suspended")
