from typing import Any

from django.apps import AppConfig

from .translation_catalog import compile_if_older

VERSION = "0.1.0"


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def __init__(self, *args: Any) -> None:
        """Before anything can be translated, in whatever program this is: pages, workers, commands."""
        super().__init__(*args)
        compile_if_older()

    def ready(self) -> None:
        from django.db.backends.signals import connection_created
        from kombu.utils.json import register_type

        from . import checks  # noqa: F401  (registers)
        from .database.unreadable_times import read_all_times
        from .privacy.protected import Protected
        from .web import metrics, operations, probes  # noqa: F401  (operations registers)

        probes.register_all()
        metrics.register(
            metrics.Metric(
                "hegui_certificate_days", "Days until the site's certificate ends.", probes.certificate_days
            ),
            metrics.Metric(
                "hegui_disk_free_bytes", "Free room where the site keeps its things.", probes.free_bytes
            ),
            metrics.Metric(
                "hegui_info", "The version that answers.", lambda: [((VERSION,), 1)], ("version",)
            ),
        )
        connection_created.connect(read_all_times, dispatch_uid="core.read_all_times")

        register_type(Protected, "protected", str, str)  # type: ignore[arg-type]  # what comes back is the mask, as text
