"""`up [--host H]`: everything that makes the site, until Ctrl-C.

Prepares (tables, static files), then keeps these processes running: web, two workers (one for long work) and
beat. One that ends is started again, after pauses that grow. The embedded servers are held by manage.py
around this command and stop after it. Where the demo is installed, its own `up` does more (`apps.demo`).
"""

import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from apps.console import static_files
from apps.console.processes import WORKERS, Children, beat_command, web_command, why_not_free, worker_command
from apps.core import cli
from apps.retention.services import upgrade


class Command(cli.Command):
    help = "Run the whole site: web, workers and beat."
    names: tuple[str, ...] = ("web", *WORKERS, "beat")  # of the processes

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], settings.PORT
        children = Children(Path(settings.HEGUI_HOME) / "run")
        children.take_over(self.names)
        self._port_is_free(host, port)
        self.prepare(options)
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: sys.exit(0))
        try:
            web = web_command(host, port, cert=settings.HEGUI_TLS_CERT, key=settings.HEGUI_TLS_KEY)
            children.start("web", web, PROMETHEUS_MULTIPROC_DIR=str(self._metrics()))
            for name, (queues, processes) in WORKERS.items():
                children.start(name, worker_command(queues, processes))
            children.start("beat", beat_command())
            url = f"{'https' if settings.HEGUI_TLS_CERT else 'http'}://{host}:{port}"
            children.wait_for(host, port)
            # at once: who waits for the address finds all of it
            self.say("\n".join(self.welcome(url, children)))
            children.keep_running(self.say)
        except SystemExit:
            self.stdout.write("\nStopping.")
        finally:
            children.stop()

    def prepare(self, options: dict[str, Any]) -> None:
        """What has to be there before the first process starts."""
        upgrade(with_backup=settings.EMBEDDED is None, tell=self.say)
        static_files.collect()

    def welcome(self, url: str, children: Children) -> list[str]:
        """The lines to say once the site answers; starts what runs besides."""
        return ["", f"Hegui is at {url}  (Ctrl-C ends it)"]

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    @staticmethod
    def _port_is_free(host: str, port: int) -> None:
        if why := why_not_free(host, port):
            raise CommandError(f"Port {port} cannot be used: {why}. Choose another: PORT={port + 1} make run")

    @staticmethod
    def _metrics() -> Path:
        """The folder into which the web processes count, without what those before counted."""
        folder = Path(settings.HEGUI_HOME) / "run" / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder
