"""A worker whose backups, drills and purges take long: `python -m tests.faults.slow_worker DATABASE SECONDS`.

Its queue hands out again what is not acknowledged within `HEGUI_VISIBILITY_SECONDS`.
"""

import sys
import time
from typing import Any

import django


def main() -> None:
    name, seconds = sys.argv[1], float(sys.argv[2])
    django.setup()
    from django.conf import settings
    from django.db import connection

    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    from apps.retention.services import purging, scheduling
    from config.celery import app

    purge, drill = purging._purge, scheduling._drilled

    def slow_purge(*args: Any) -> Any:
        time.sleep(seconds)
        return purge(*args)

    def slow_drill(*args: Any) -> Any:
        time.sleep(seconds)
        return drill(*args)

    def slow_backup(*args: Any, **more: Any) -> Any:
        time.sleep(seconds)
        return {"size": 0, "files": [], "missing": [], "keys": {}}

    purging._purge, scheduling._drilled = slow_purge, slow_drill
    scheduling.back_up, scheduling.verify_archive = slow_backup, lambda *args, **more: None  # type: ignore[assignment]
    app.worker_main(
        [
            "worker",
            "--pool",
            "threads",
            "--concurrency",
            "8",
            "--queues",
            "urgent,default,heavy",
            "--loglevel",
            "WARNING",
        ]
    )


main()
