from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.audit"
    label = "audit"

    def ready(self) -> None:
        from . import alarm_rules, figures, signing
        from .tracked import register_all

        register_all()
        figures.register_all()
        signing.connect()
        alarm_rules.register_rules()
