"""`verify_trail [--file EXPORT] [--key ID=BASE64 …] [--json]`: exit 0 when all of it is as it was signed,
else 3."""

import base64
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.audit import services
from apps.core import cli
from apps.core.errors import HeguiError


class Command(cli.Command):
    help = (
        "Recompute every tree head of the trail, here or of an exported file, and name what is not as it was."
    )
    requires_system_checks: list[str] = []  # it works where no site is set up

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="an exported trail; the database is not asked")
        parser.add_argument(
            "--key",
            action="append",
            default=[],
            metavar="ID=BASE64",
            help="a public key that you trust; else the file's own",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["file"]:
                with options["file"].open("rb") as lines:
                    report = services.verify_export(lines, keys=_keys(options["key"]))
            else:
                report = services.verify_trail()
        except (HeguiError, OSError) as error:
            self.refuse(error)
        if options["json"]:
            self.tell(report.as_json())
        for finding in report.findings:
            self.stderr.write(f"{finding.stream} tree head {finding.tree_head}: {finding.sentence}")
        if report.count:
            self.refuse(f"The trail is not as it was signed: {report.count:,} findings.")
        if not options["json"]:
            self.stdout.write(
                f"{sum(report.rows.values()):,} rows under {sum(report.tree_heads.values()):,} tree heads: "
                "all of it is as it was signed."
            )


def _keys(fields: list[str]) -> dict[str, bytes] | None:
    try:
        return {
            name: base64.b64decode(key, validate=True)
            for name, key in (each.split("=", 1) for each in fields)
        } or None
    except ValueError:
        raise CommandError("--key wants ID=BASE64, as the first line of an export tells it.") from None
