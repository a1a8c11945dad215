"""`up [--demo] [--host H] [--clock HH:MM]`: the whole site, with the demo world and its practice dialler."""

import os
import sys
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.console.management.commands import up
from apps.console.processes import Children
from apps.core.calendar import clock
from apps.demo import world

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Command(up.Command):
    help = "Run the whole site: web, workers, beat and, in a demo, the practice dialler."
    names = (*up.Command.names, "dialler", "telephony")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--demo", action="store_true", help="make the demo world when the database is empty"
        )
        parser.add_argument(
            "--clock", default="", help="in a demo: the hour that the day starts at, like 10:00"
        )

    def prepare(self, options: dict[str, Any]) -> None:
        super().prepare(options)
        makes_world = options["demo"] and settings.EMBEDDED is not None and not world.has_people()
        self._set_clock(options["clock"], is_demo=settings.DEMO or makes_world)
        if makes_world:
            self.stdout.write("Making the demo world …")
            world.build()
        if settings.DEMO and options["host"] not in LOOPBACK:
            raise CommandError(
                "A demo is served on loopback only. Use a database of your own to serve others."
            )

    def welcome(self, url: str, children: Children) -> list[str]:
        lines = super().welcome(url, children)
        if settings.DEMO:
            key = world.secrets_of_demo()["dialler_key"]
            children.start(
                "dialler",
                [sys.executable, "manage.py", "practice_dialler", "--url", url],
                HEGUI_DIALLER_KEY=key,
            )
        if settings.DEMO and os.environ.get("TELEPHONY") == "1":
            children.start("telephony", [sys.executable, "manage.py", "loopback_telephony", "--url", url])
            lines.append(
                f"  Telephone: what became of its two calls stands in {settings.HEGUI_HOME}/run/telephony.log"
            )
        if settings.DEMO:
            for role, user in world.describe_people().items():
                lines.append(f"  {role:<12} user {user['username']:<12} password {user['password']}")
            local = timezone.localtime(clock.now())
            lines.append(f"  It is {local:%H:%M} in the demo's China.")
            if not 8 <= local.hour < 21:
                lines.append(
                    "  Outside 08:00-21:00 the gate refuses every call. To try the desk now: make run "
                    "CLOCK=10:00"
                )
        return lines

    @staticmethod
    def _set_clock(text: str, *, is_demo: bool) -> None:
        if not text:
            return
        if not is_demo:
            raise CommandError("The clock can be set in a demo only.")
        try:
            wanted = datetime.combine(
                timezone.localdate(), time.fromisoformat(text), timezone.get_default_timezone()
            )
        except ValueError:
            raise CommandError(f'"{text}" is not an hour like 10:00.') from None
        offset = int((wanted - timezone.now()).total_seconds())
        os.environ["HEGUI_DEMO_CLOCK_OFFSET"] = str(offset)  # for the servers that this process starts
        settings.DEMO_CLOCK_OFFSET = timedelta(seconds=offset)  # for the world that it builds
