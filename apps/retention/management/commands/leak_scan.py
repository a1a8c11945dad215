"""`leak_scan [PATH…] [--json]`: exit 0 when no number and no name stands in clear, else 3."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.core import cli
from apps.retention import services


class Command(cli.Command):
    help = (
        "Search files, logs, backups, the stored database and Redis for numbers and names of contacts in "
        "clear."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if missing := [path for path in options["paths"] if not path.exists()]:
            self.refuse(f"{missing[0]} is not there.")
        found = services.leak_scan(options["paths"])
        if options["json"]:
            self.tell({"found": found})
        for place, counts in found.items():
            self.stderr.write(f"{place}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
        if found:
            self.refuse("Personal data stands in clear.")
        if not options["json"]:
            self.stdout.write("No number and no name of a contact stands in clear.")
