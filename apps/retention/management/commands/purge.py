"""`purge [--at ISO] [--dry-run] [--json]`: delete what is due."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.core import cli
from apps.core.calendar import clock
from apps.retention import services


class Command(cli.Command):
    help = "Delete what has outlived its storage period."

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
        if options["dry_run"]:
            result = services.count_due(at=at)
            self._show(
                options,
                {
                    "at": at.isoformat(),
                    "dry_run": True,
                    "counts": {c: t["due"] for c, t in result.items()},
                    "classes": result,
                },
            )
            return
        run = services.purge(at=at, progress=self.progress_of)
        self._show(
            options,
            {
                "at": at.isoformat(),
                "dry_run": False,
                "counts": run.counts,
                "held": run.held,
                "failures": run.failures,
                "run": run.pk,
            },
        )
        if run.failures:
            self.refuse(
                f"Not everything could be deleted: {run.failures}. What was deleted is gone; run it again."
            )

    def progress_of(self, name: str, count: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{name}: {count:,}", ending="")

    def _show(self, options: dict[str, Any], payload: dict[str, Any]) -> None:
        if options["json"]:
            self.tell(payload)
            return
        for name, count in payload["counts"].items():
            held = payload.get("held", {}).get(name) or payload.get("classes", {}).get(name, {}).get(
                "held", 0
            )
            self.stdout.write(f"{count:>10,}  {name}" + (f"  ({held:,} held)" if held else ""))
