from django.apps import AppConfig

VERSION = "0.1.0"


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created
        from kombu.utils.json import register_type

        from . import checks, figures, outside, probes  # noqa: F401  (checks and outside register what they have)
        from .protected import Protected
        from .unreadable_times import read_all_times

        probes.register_all()
        figures.register(
            figures.Figure("hegui_certificate_days", "Days until the site's certificate ends.", probes.certificate_days),
            figures.Figure("hegui_disk_free_bytes", "Free room where the site keeps its things.", probes.free_bytes),
            figures.Figure("hegui_info", "The version that answers.", lambda: [((VERSION,), 1)], ("version",)),
        )
        connection_created.connect(read_all_times, dispatch_uid="core.read_all_times")

        register_type(Protected, "protected", str, str)  # type: ignore[arg-type]  # what comes back is the mask, as text
