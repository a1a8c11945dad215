from django.apps import AppConfig


class OptoutsConfig(AppConfig):
    name = "apps.optouts"
    label = "optouts"

    def ready(self) -> None:
        from apps.core import references

        from .labels import LABELS

        references.register(LABELS)
        from apps.webhooks.models import EventKind
        from apps.webhooks.services import RENDERERS

        from . import metrics
        from .services import as_payload

        metrics.register_all()

        RENDERERS[EventKind.OPT_OUT_RECORDED] = as_payload
