from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class ScriptsConfig(AppConfig):
    name = "apps.scripts"
    label = "scripts"

    def ready(self) -> None:
        from apps.core.web import ids
        from apps.notifications.sentences import register_fact

        from .checking import advising
        from .queries import name_of_rule

        advising.own_head = Path(settings.HEGUI_READER_HEAD) if settings.HEGUI_READER_HEAD else None

        for notice in ("rule_written", "rule_blocks_script"):
            register_fact(notice, "rule", name_of_rule)
        ids.register(script="sc")
