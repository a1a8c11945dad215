"""`upgrade [--no-backup]`: bring the database to this version; on several hosts one does it, the others
wait."""

from typing import Any

from django.core.management.base import CommandParser

from apps.core import cli
from apps.core.errors import HeguiError
from apps.retention.services import upgrade


class Command(cli.Command):
    help = (
        "Bring the database to this version: a backup, the migrations, the cache's table; nothing when "
        "all is there."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-backup", action="store_true", help="when the version before has just made one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            steps = upgrade(with_backup=not options["no_backup"], tell=self.stdout.write)
        except (HeguiError, OSError) as error:
            self.refuse(error)
        self.stdout.write(f"The database is of this version ({steps} steps were made).")
