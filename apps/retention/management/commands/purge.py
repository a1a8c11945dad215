"""`purge [--at ISO] [--dry-run] [--json]`: delete what is due."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.core import cli, clock
from apps.retention import services


class Command(cli.Command):
    help = "Delete contacts and calls whose storage period is over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", default="", help="moment, ISO 8601; by default now")
        parser.add_argument("--dry-run", action="store_true", help="count only")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            at = datetime.fromisoformat(options["at"]) if options["at"] else clock.now()
        except ValueError:
            raise CommandError(f'"{options["at"]}" is not a moment in ISO 8601.') from None
        at = at if at.tzinfo else timezone.make_aware(at)
        if at > clock.now() and not options["dry_run"] and not settings.DEMO:
            raise CommandError("What is not due yet is not deleted: a moment to come is for --dry-run only.")
        counts = services.count_due(at=at) if options["dry_run"] else services.purge(at=at).counts
        if options["json"]:
            self.tell({"at": at.isoformat(), "dry_run": options["dry_run"], "counts": counts})
        else:
            for name, count in counts.items():
                self.stdout.write(f"{count:>10,}  {name}")
