"""`practice_dialler --url U`: play a dialler. The key comes from HEGUI_DIALLER_KEY."""

import os
from typing import Any

import httpx
from django.core.management.base import CommandError, CommandParser

from apps.core import cli

from ...practice import PracticeDialler


class Command(cli.Command):
    help = "Play a dialler for practice, over the public API."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="address of the site")
        parser.add_argument("--pace", type=float, default=1.0)

    def handle(self, *args: Any, **options: Any) -> None:
        key = os.environ.get("HEGUI_DIALLER_KEY", "")
        if not key:
            raise CommandError(
                "Set HEGUI_DIALLER_KEY to the key of an API client with the scopes dial and events."
            )
        client = httpx.Client(
            base_url=f"{options['url'].rstrip('/')}/api/v1/",
            headers={"Authorization": f"Bearer {key}"},
            timeout=10,
        )
        with client:
            PracticeDialler(client, pace=options["pace"]).run()
