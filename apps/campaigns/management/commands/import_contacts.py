"""`import_contacts FILE --source S [--campaign C] [--report FILE]`.

The report is JSON lines `{row, status, message}`; row 2 is the first below the heading. A file
that is refused whole ends with exit code 3 and names its columns; nothing is stored.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns.models import Campaign
from apps.campaigns.services import contact_list_of
from apps.contacts import services
from apps.contacts.models import DataSource
from apps.core import cli
from apps.core.errors import BadInput


class Command(cli.Command):
    help = "Import a list of contacts (CSV or xlsx) from an approved source."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="code of the data source")
        parser.add_argument(
            "--campaign", default="", help="code of the campaign whose queue the contacts join"
        )
        parser.add_argument("--report", type=Path, help="where the report by row goes (JSON lines)")
        parser.add_argument(
            "--hidden-rows", choices=["take", "leave"], help="what becomes of rows that a workbook hides"
        )
        parser.add_argument(
            "--user", default="", help="who imports; by default the person who recorded the source"
        )
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        source = DataSource.objects.select_related("recorded_by").filter(code=options["source"]).first()
        if source is None:
            raise CommandError(f'There is no data source "{options["source"]}".')
        campaign = Campaign.objects.filter(code=options["campaign"]).first()
        if options["campaign"] and campaign is None:
            raise CommandError(f'There is no campaign "{options["campaign"]}".')
        try:
            with options["file"].open("rb") as file:
                done = services.import_now(
                    actor=self._actor(options["user"], source),
                    source=source,
                    file_name=options["file"].name,
                    file=file,
                    contact_list=contact_list_of(campaign) if campaign else None,
                    leave_hidden={"take": False, "leave": True}.get(options["hidden_rows"]),
                    progress=self.progress,
                )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        except BadInput as error:
            self.refuse(error)
            return
        if options["report"]:
            with options["report"].open("wb") as out:
                out.writelines(services.report_lines(done))
        if options["json"]:
            self.tell({"rows": sum(done.counts.values()), "counts": done.counts, "consented": done.consented})
        else:
            for status, count in sorted(done.counts.items()):
                self.stdout.write(f"{count:>10,}  {status}")

    @staticmethod
    def _actor(username: str, source: DataSource) -> User:
        if not username:
            return source.recorded_by
        actor = User.objects.filter(username=username, role__in=[Role.SUPERVISOR, Role.COMPLIANCE]).first()
        if actor is None:
            raise CommandError(f'"{username}" is nobody who may import.')
        return actor
