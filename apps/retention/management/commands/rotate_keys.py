"""`rotate_keys [--also PURPOSE …] [--retire PURPOSE ID] [--json]`: encrypt everything under a new key, while
the site runs."""

from typing import Any

from django.core.management.base import CommandParser

from apps.core import cli
from apps.core.errors import HeguiError
from apps.retention import services


class Command(cli.Command):
    help = (
        "Make new keys and encrypt every value and file under them; or take an older key away that "
        "nothing needs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--retire", nargs=2, metavar=("PURPOSE", "ID"), help="take an older key out of the keyring"
        )
        parser.add_argument(
            "--also",
            nargs="+",
            default=[],
            metavar="PURPOSE",
            help="a new key for these first: register, ledger, seal; index, while the site is stopped",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["retire"]:
                purpose, key_id = options["retire"]
                services.retire_key(purpose=purpose, key_id=key_id)
                payload: dict[str, Any] = {"retired": key_id, "purpose": purpose}
                sentence = (
                    f"The key {key_id} of {purpose} is no longer in the keyring. The keyring before "
                    "stands beside it (.before)."
                )
            else:
                also = set(options["also"])
                turned = services.turn_index(progress=self.progress) if "index" in also else 0
                services.add_keys(also - {"index"})
                payload = services.rotate_keys(progress=self.progress) | {"index": turned}
                sentence = (
                    f"{payload['values']:,} values and {payload['files']:,} files are encrypted under the "
                    "current keys; "
                    f"the last digits of {payload['last4']:,} contacts are found under them, "
                    f"and {payload['index']:,} hashes of numbers went under a new one."
                )
        except HeguiError as error:
            self.refuse(error)
        if options["json"]:
            self.tell(payload)
        else:
            self.stdout.write(sentence)
