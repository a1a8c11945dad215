"""`export_trail FILE`: the signed trail as lines of JSON that anybody can check with `verify_trail
--file`."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.audit import services
from apps.core import cli


class Command(cli.Command):
    help = "Write the signed trail, its tree heads and the public keys into a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with os.fdopen(
                os.open(options["file"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as out:
                out.writelines(services.export_trail())
        except OSError as error:
            self.refuse(error)
        self.stdout.write(f"{options['file']}: {options['file'].stat().st_size:,} bytes.")
