from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from kombu.utils.json import register_type

        from . import checks  # noqa: F401  (registers the checks)
        from .protected import Protected

        register_type(Protected, "protected", str, str)  # type: ignore[arg-type]  # what comes back is the mask, as text
