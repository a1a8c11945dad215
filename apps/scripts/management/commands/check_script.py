"""`check_script FILE [--type T] [--trade T] [--voice V]`: what the automatic check finds. `-` reads standard
input.

Prints `{findings: [{code, start, end, level, law}]}`, advice of the trained reader with
`strength` and `like`; exit code 0 without blocking findings, 3 with.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection

from apps.core import cli
from apps.scripts import queries
from apps.scripts.checking import KINDS, Pack, TextRefused, read, shipped
from apps.scripts.models import RuleVersion

ALWAYS = ("code", "start", "end", "level", "law")


def _rules() -> Pack:
    """The rules in force; those that come with Hegui where there is no house yet that could have its own."""
    has_house = RuleVersion._meta.db_table in connection.introspection.table_names()
    return queries.packs_in_force() if has_house else shipped()


class Command(cli.Command):
    help = "Check the text of a call script for what may not be said and what has to be."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a UTF-8 text file, or - for standard input")
        parser.add_argument("--type", default="marketing", choices=KINDS, help="kind of call")
        parser.add_argument("--trade", default="general", help="trade, as finance")
        parser.add_argument("--voice", default="human", choices=("human", "synthetic"), help="who speaks it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = (
                sys.stdin.read()
                if options["file"] == "-"
                else Path(options["file"]).read_text(encoding="utf-8")
            )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CommandError(f"{options['file']} is not UTF-8 text.") from None
        try:
            findings = read(
                text, kind=options["type"], trade=options["trade"], voice=options["voice"], pack=_rules()
            )
        except TextRefused as error:
            self.refuse(error)
            return
        self.tell(
            {
                "findings": [
                    {name: value for name, value in asdict(each).items() if name in ALWAYS or value}
                    for each in findings
                ]
            }
        )
        if any(finding.is_blocking for finding in findings):
            sys.exit(cli.REFUSED)
