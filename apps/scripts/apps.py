from django.apps import AppConfig


class ScriptsConfig(AppConfig):
    name = "apps.scripts"
    label = "scripts"

    def ready(self) -> None:
        from apps.core.web import ids

        ids.register(script="sc")
