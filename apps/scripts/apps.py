from django.apps import AppConfig


class ScriptsConfig(AppConfig):
    name = "apps.scripts"
    label = "scripts"

    def ready(self) -> None:
        from apps.core.web import ids
        from apps.notifications.sentences import register_fact

        from .queries import name_of_rule

        for notice in ("rule_written", "rule_blocks_script"):
            register_fact(notice, "rule", name_of_rule)
        ids.register(script="sc")
