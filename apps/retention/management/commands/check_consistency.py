"""`check_consistency [--repair] [--json]`: exit 0 when all is well, else 3."""

from typing import Any

from django.core.management.base import CommandParser

from apps.core import cli
from apps.retention import services


class Command(cli.Command):
    help = "Check that rows, files, hashes and the ledger belong together."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="delete files that no row names, bring numbers to their one form",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        found = services.check_consistency(repair=options["repair"])
        if options["json"]:
            self.tell({"consistent": not found, "found": found})
        for kind, what in found.items():
            self.stderr.write(f"{kind}: {len(what) if isinstance(what, list) else what}")
        if found:
            self.refuse("Not everything belongs together; --json names each.")
        if not options["json"]:
            self.stdout.write("Rows, files, hashes and the ledger belong together.")
