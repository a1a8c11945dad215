"""`restore FILE [--base EARLIER …] [--ledger FOLDER] [--passphrase-file F | --key-file F] [--json]`; exit 3:
refused."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.core import cli
from apps.core.errors import HeguiError
from apps.retention import services
from apps.retention.archive import Secrets

from .backup import add_secrets


class Command(cli.Command):
    help = "Bring a backup into an empty system, with what was erased and refused since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a file, or s3://bucket/name?endpoint=https://…")
        parser.add_argument(
            "--base", action="append", default=[], help="an earlier backup that holds files of this one"
        )
        parser.add_argument("--ledger", type=Path, help="folder of the ledger of erasures and opt-outs")
        parser.add_argument(
            "--without-ledger",
            action="store_true",
            help="the ledger is lost: go on, though opt-outs and erasures since are forgotten",
        )
        parser.add_argument("--json", action="store_true")
        add_secrets(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            output = services.restore(
                options["file"],
                secrets=Secrets.of_files(
                    passphrase_file=options["passphrase_file"], key_file=options["key_file"]
                ),
                bases=options["base"],
                ledger_folder=options["ledger"],
                without_ledger=options["without_ledger"],
                say=lambda sentence: None if options["json"] else self.stdout.write(str(sentence)),
            )
        except (HeguiError, OSError) as error:
            self.refuse(error)
        if options["json"]:
            self.tell(output)
        else:
            if output["trail_findings"]:
                self.stderr.write(
                    f"The restored trail is not as it was signed: {output['trail_findings']:,} findings; "
                    "verify_trail names them."
                )
            self.stdout.write(
                f"Restored as of {output['made_at']}. Since then, from the ledger: {output['opt_outs']:,} "
                "opt-outs, "
                f"{output['lifts']:,} lifts, "
                f"{output['erased']:,} erased people. The site can be opened: manage.py up."
            )
