from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.audit"
    label = "audit"

    def ready(self) -> None:
        from apps.core import references

        from .labels import LABELS

        references.register(LABELS)
        from . import alarm_rules, metrics, sign_ins
        from .tracked import register_all

        register_all()
        metrics.register_all()
        sign_ins.connect()
        alarm_rules.register_rules()
