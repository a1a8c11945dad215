"""`demo [--reset] [--json]`: make the demo world, or tell about it."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.core import cli
from apps.core.errors import HeguiError
from apps.demo import world


class Command(cli.Command):
    help = "Make the demo world in an empty database, or tell about the one that is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reset", action="store_true", help="delete everything in a demo database and start anew"
        )
        parser.add_argument(
            "--json",
            action="store_true",
            help="print addresses, sign-ins, keys, campaigns and contacts as JSON",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["reset"] or not world.exists():
                world.build(reset=options["reset"])
            result = world.describe()
        except HeguiError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.tell(result)
            return
        for role, user in result["users"].items():
            self.stdout.write(f"{role:<12} {user['username']:<12} {user['password']}")
