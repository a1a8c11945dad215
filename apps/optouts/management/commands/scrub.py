"""`scrub FILE -o OUT`: a list of numbers held against the register; OUT is the list with the column
`opted_out`.

CSV, xlsx, or either packed with gzip; OUT is CSV. A list that cannot be read or is too small ends with exit
code 3.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core import cli
from apps.core.errors import BadInput
from apps.optouts import services


class Command(cli.Command):
    help = "Hold a list of numbers against the register of opt-outs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "-o", "--out", type=Path, required=True, help="where the list with the column goes (CSV)"
        )
        parser.add_argument("--user", default="", help="who asks; by default the first person of compliance")
        parser.add_argument(
            "--purpose", default="manage.py scrub", help="what the list is needed for; it is in the trail"
        )
        parser.add_argument("--erase", action="store_true", help="erase FILE afterwards")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        try:
            scrub = services.ask_scrub(
                actor=self._actor(options["user"]),
                file_name=options["file"].name,
                content=content,
                purpose=options["purpose"],
            )
        except BadInput as error:
            self.refuse(error)
            return
        services.run_scrub(scrub.job_id, progress=self.progress)
        scrub.refresh_from_db()
        options["out"].write_bytes(services.result_of(scrub))
        if options["erase"]:
            options["file"].unlink()
        if options["json"]:
            self.tell(
                {"rows": scrub.rows, "opted_out": scrub.opted_out, "without_number": scrub.without_number}
            )
        else:
            self.stdout.write(
                f"{scrub.opted_out:,} of {scrub.rows:,} are on the register; {scrub.without_number:,} rows "
                "hold no number."
            )

    @staticmethod
    def _actor(username: str) -> User:
        people = User.objects.filter(role__in=[Role.SUPERVISOR, Role.COMPLIANCE], is_active=True)
        found = (
            people.filter(username=username).first()
            if username
            else people.filter(role=Role.COMPLIANCE).order_by("pk").first()
        )
        if found is None:
            raise CommandError(
                f'"{username}" is nobody who may hold lists against the register.'
                if username
                else "There is nobody of compliance."
            )
        return found
