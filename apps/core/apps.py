from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created
        from kombu.utils.json import register_type

        from . import checks  # noqa: F401  (registers the checks)
        from .protected import Protected
        from .unreadable_times import read_all_times

        connection_created.connect(read_all_times, dispatch_uid="core.read_all_times")

        register_type(Protected, "protected", str, str)  # type: ignore[arg-type]  # what comes back is the mask, as text
