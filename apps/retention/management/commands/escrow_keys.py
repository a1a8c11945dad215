"""`escrow_keys FILE --shares N --needed K` and `escrow_keys FILE --open OUT`: a break-glass copy of the
keyring."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.core import cli
from apps.core.crypto import keyring
from apps.core.errors import HeguiError
from apps.retention import services


class Command(cli.Command):
    help = (
        "Write an encrypted copy of the keyring whose key is shown in shares, once; or open one with "
        "enough shares on standard input."
    )
    requires_system_checks: list[str] = []  # it works where no site is set up

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the encrypted copy")
        parser.add_argument("--shares", type=int, default=5)
        parser.add_argument("--needed", type=int, default=3)
        parser.add_argument(
            "--open",
            type=Path,
            metavar="OUT",
            help="write the keyring to OUT; shares come on standard input, one a line",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["open"]:
                text = services.join_keyring(
                    encrypted=options["file"].read_text(), shares=sys.stdin.readlines()
                )
                keyring.write_private_file(options["open"], text)
                self.stdout.write(f"The keyring stands in {options['open']}.")
                return
            encrypted, shares = services.split_keyring(shares=options["shares"], needed=options["needed"])
            keyring.write_private_file(options["file"], encrypted)
        except FileExistsError:
            self.refuse("There is such a file already. Nothing was written.")
        except (HeguiError, OSError) as error:
            self.refuse(error)
        self.stdout.write(
            f"{options['needed']} of these {options['shares']} shares open {options['file']}. They are shown "
            "this once:\n"
        )
        for share in shares:
            self.stdout.write(f"{share}\n")
