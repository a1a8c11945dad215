"""`run web | worker QUEUES | beat`: one process of the site, as the units start it; `up` is for a site that
is one process tree."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser

from apps.console.processes import beat_command, web_command, why_not_free, worker_command
from apps.core import cli
from apps.core.web.operations import refuse_to_start
from config.celery import QUEUES


class Command(cli.Command):
    help = "Be one process of the site: the web server, a worker of some queues, or beat."
    requires_system_checks: list[str] = []  # `refuse_to_start` asks, and what is started asks again

    def add_arguments(self, parser: CommandParser) -> None:
        parts = parser.add_subparsers(dest="part", required=True)
        web = parts.add_parser("web", help="pages and API")
        web.add_argument(
            "--host",
            default=settings.HEGUI_HOST,
            help="the address to listen on (default HEGUI_HOST; the port is PORT)",
        )
        worker = parts.add_parser("worker", help="what runs by itself")
        worker.add_argument("queues", help=f"with commas between them: {','.join(QUEUES)}")
        worker.add_argument(
            "--processes",
            type=int,
            default=0,
            help="default: HEGUI_WORKERS; for the queues heavy and speech HEGUI_HEAVY_WORKERS and "
            "HEGUI_SPEECH_WORKERS",
        )
        parts.add_parser("beat", help="the clock of the schedule: once for a site")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_to_start(serves_pages=options["part"] == "web")
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        if options["part"] == "web":
            if why := why_not_free(options["host"], settings.PORT):
                raise CommandError(f"Port {settings.PORT} cannot be used: {why}. Set another in PORT.")
            command = web_command(
                options["host"], settings.PORT, cert=settings.HEGUI_TLS_CERT, key=settings.HEGUI_TLS_KEY
            )
        elif options["part"] == "beat":
            command = beat_command()
        else:
            if unknown := set(options["queues"].split(",")) - set(QUEUES):
                raise CommandError(f"There is no queue {min(unknown)}: they are {', '.join(QUEUES)}.")
            own = {"heavy": settings.HEGUI_HEAVY_WORKERS, "speech": settings.HEGUI_SPEECH_WORKERS}
            usual = own.get(options["queues"], settings.HEGUI_WORKERS)
            command = worker_command(options["queues"], options["processes"] or usual)
        self.stdout.flush()
        os.execv(sys.executable, command)  # noqa: S606  (our own programs; the unit watches this process)
