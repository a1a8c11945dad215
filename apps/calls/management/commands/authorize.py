"""`authorize --campaign C --phone P --line L [--agent A] [--at ISO] [--reserve]`.

Prints the decision as JSON; exit code 0 allowed, 3 refused.
"""

import sys
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import User
from apps.calls import services
from apps.core import cli
from apps.core.errors import HeguiError


class Command(cli.Command):
    help = "Ask the gate whether a number may be called."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", required=True, help="code of the campaign")
        parser.add_argument("--phone", required=True, help="the client's number")
        parser.add_argument("--line", required=True, help="the caller number")
        parser.add_argument("--agent", default="", help="user name of the agent")
        parser.add_argument(
            "--at", default="", help="moment, ISO 8601; without an offset it is Asia/Shanghai"
        )
        parser.add_argument("--reserve", action="store_true", help="reserve the call when it is allowed")

    def handle(self, *args: Any, **options: Any) -> None:
        at = self._moment(options["at"])
        if at and options["reserve"] and not settings.DEMO:
            raise CommandError(
                "A call is reserved now or not at all: --at with --reserve is for a demo database only."
            )
        agent = None
        if options["agent"]:
            agent = User.objects.filter(username=options["agent"]).first()
            if agent is None:
                raise CommandError(f'There is no user "{options["agent"]}".')
        try:
            answer = services.authorize(
                campaign=options["campaign"],
                phone=services.find_number(phone=options["phone"]),
                line=options["line"],
                agent=agent,
                at=at,
                reserve=options["reserve"],
            )
        except HeguiError as error:
            raise CommandError(f"{error} ({error.code})") from None
        self.tell(answer.as_json())
        if not answer.allowed:
            sys.exit(cli.REFUSED)

    @staticmethod
    def _moment(text: str) -> datetime | None:
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise CommandError(
                f'"{text}" is not a moment in ISO 8601, like 2026-11-24T10:00:00+08:00.'
            ) from None
        return moment if moment.tzinfo else timezone.make_aware(moment)
