"""`keyring make FILE`, `keyring add [FILE]`, `keyring show [FILE]`: the keys with which everything is
encrypted. They are never printed."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from apps.core.errors import KeyringError

from ... import cli
from ...crypto import keyring

KEEP = (
    "Without this file nothing that is stored can be read, and nobody can make it again. Keep a copy apart "
    "from database and backups "
    "(`manage.py escrow_keys` encrypts one for several people), and set HEGUI_KEYRING_FILE to it on every "
    "host."
)


class Command(cli.Command):
    help = "Make a keyring, give an older one the keys of newer purposes, or show which keys there are."
    requires_system_checks: list[str] = []  # without a keyring they fail

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=("make", "add", "show"))
        parser.add_argument(
            "file", nargs="?", default="", help="default for add and show: HEGUI_KEYRING_FILE"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["file"] and (options["step"] == "make" or settings.HEGUI_KEYRING):
            self.refuse(
                "Name the file. A keyring in HEGUI_KEYRING is text of the environment: put it into a file of "
                "mode 0600 to change it."
            )
        path = Path(options["file"] or settings.HEGUI_KEYRING_FILE)
        try:
            getattr(self, f"_{options['step']}")(path)
        except KeyringError as error:
            self.refuse(error)
        except FileExistsError:
            self.refuse(f"{path} exists already. A keyring is never overwritten.")
        except OSError as error:
            self.refuse(f"{path}: {error.strerror}.")

    def _make(self, path: Path) -> None:
        keyring.write_private_file(path, keyring.generate())
        self.stdout.write(f"{path} (0600) holds a key for each of {', '.join(keyring.PURPOSES)}.\n{KEEP}")

    def _add(self, path: Path) -> None:
        added = keyring.complete_file(path)
        keyring.parse(keyring.read_private_file(path))
        if added:
            self.stdout.write(
                f"Added to {path}: {', '.join(added)}. The file before stays beside it (.before).\n{KEEP}"
            )
        else:
            self.stdout.write(f"{path} has a key for each purpose already.")

    def _show(self, path: Path) -> None:
        for purpose, keys in keyring.parse(keyring.read_private_file(path)).items():
            self.stdout.write(
                f"{purpose:<10} current {keys.current_id}, known {', '.join(sorted(keys.by_id))}"
            )
