from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "apps.evidence"
    label = "evidence"

    def ready(self) -> None:
        from apps.core import references
        from apps.core.web import ids

        from .labels import LABELS

        references.register(LABELS)
        ids.register(evidence="ep")
