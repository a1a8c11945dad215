"""`backup FILE [--base EARLIER] [--passphrase-file F | --key-file F] [--verify] [--json]`."""

from typing import Any

from django.core.management.base import CommandParser

from apps.core import cli
from apps.core.errors import HeguiError
from apps.retention import services
from apps.retention.archive import Secrets, verify_archive

from ...backup_places import place


class Command(cli.Command):
    help = "Write an encrypted backup of database and files, or check one without restoring it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a file, or s3://bucket/name?endpoint=https://…")
        parser.add_argument("--base", help="an earlier backup: files that it holds are not written again")
        parser.add_argument("--verify", action="store_true", help="check the file, write nothing")
        parser.add_argument("--json", action="store_true")
        add_secrets(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            secrets = Secrets.of_files(
                passphrase_file=options["passphrase_file"], key_file=options["key_file"]
            )
            if options["verify"]:
                manifest = verify_archive(options["file"], secrets=secrets)
                missing: list[str] = []
            else:
                manifest = services.back_up(
                    options["file"], secrets=secrets, base=options["base"], progress=self.progress
                )
                missing = manifest["missing"]
        except (HeguiError, OSError) as error:
            self.refuse(error)
        payload = {
            "id": manifest["id"],
            "made_at": manifest["made_at"],
            "rows": sum(manifest["rows"].values()),
            "files": len(manifest["files"]),
            "files_in_base": len(manifest["files_before"]),
            "missing_files": missing,
            "size": place(options["file"]).size(),
        }
        if options["json"]:
            self.tell(payload)
        else:
            self.stdout.write(
                f"{options['file']}: whole. {payload['rows']:,} rows, {payload['files']:,} files, "
                f"{payload['size']:,} bytes, "
                f"of {payload['made_at']}."
            )
        if missing:
            self.refuse(f"{len(missing)} files that rows name were not there: run check_consistency.")


def add_secrets(parser: CommandParser) -> None:
    parser.add_argument(
        "--passphrase-file",
        default="",
        help="file (0600) with the passphrase; by default the keyring opens the backup",
    )
    parser.add_argument("--key-file", default="", help="file (0600) with 32 random bytes in base64")
