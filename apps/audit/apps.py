from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.audit"
    label = "audit"

    def ready(self) -> None:
        from . import alarm_rules, metrics, signing
        from .tracked import register_all

        register_all()
        metrics.register_all()
        signing.connect()
        alarm_rules.register_rules()
