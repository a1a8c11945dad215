"""`begin --admin NAME [--department NAME]`: the first administrator and department of a real site; `begin
--recover NAME`; `begin --agree NAME`."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.urls import reverse

from apps.accounts.services import agree_as_host, begin_site, recover_admin
from apps.core import cli
from apps.core.errors import HeguiError


class Command(cli.Command):
    help = (
        "Make the first administrator of a site, and print the link with which they set a password and a "
        "second factor."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--admin", metavar="NAME", help="the user name of the first administrator")
        who.add_argument(
            "--recover",
            metavar="NAME",
            help="an administrator who lost password and second factor, when no other can help",
        )
        who.add_argument(
            "--agree",
            metavar="NAME",
            help="a person for whom a role is asked for, when nobody else is left who could agree",
        )
        parser.add_argument(
            "--department",
            default="总部",
            metavar="NAME",
            help="the department in which they work (default: 总部)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["agree"]:
                agreed = agree_as_host(username=options["agree"])
                self.stdout.write(f"{agreed.user.username} has the role {agreed.role} now.")
                return
            if options["recover"]:
                token = recover_admin(username=options["recover"])
            else:
                token = begin_site(username=options["admin"], department=options["department"])
        except HeguiError as error:
            self.refuse(error)
        where = settings.HEGUI_URL.rstrip("/") or f"https://{next(iter(settings.ALLOWED_HOSTS), 'your-site')}"
        self.stderr.write(
            "Open this link within two days. It works once; begin again makes another as long as no password "
            "is set."
        )
        self.stdout.write(where + reverse("invitation_open", kwargs={"token": token}))
