"""The command line: `manage.py` in a checkout, `hegui` where the package is installed. Without DATABASE_URL,
the embedded servers run while a command runs."""

import os
import sys

# Commands that look at code, not at data, leave the servers alone.
NEEDS_NO_SERVER = {
    "check",
    "collectstatic",
    "escrow_keys",
    "help",
    "keyring",
    "messages",
    "telephony",
    "version",
    "--help",
    "--version",
}

DEMO = {"up", "demo"}  # an installed package plays a demo with the extra `demo`


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = (sys.argv[1:] or ["help"])[0]
    # Anyone who has an export verifies it, on any machine.
    needs_server = command not in NEEDS_NO_SERVER and not (command == "verify_trail" and "--file" in sys.argv)
    from apps.core.errors import HeguiError
    from config import first_start

    try:
        if needs_server and not os.environ.get("DATABASE_URL"):
            if first_start.IS_PACKAGED and (sys.argv[1:] or [""])[0] not in DEMO:
                raise HeguiError(
                    "No database is named. Read the site's settings first: set -a; . /etc/hegui/hegui.env; "
                    "set +a"
                )
            first_start.make_secrets()  # before the settings read them
        elif needs_server and (owner := first_start.other_owner()):
            raise HeguiError(
                f"{first_start.home()} belongs to {owner}: what root writes there the site could not. "
                f"runuser -u {owner} -- …"
            )
        from django.conf import settings
        from django.core.management import execute_from_command_line

        services = settings.EMBEDDED
        if services is None or not needs_server:
            execute_from_command_line(sys.argv)
        else:
            with services.leaned_on():
                execute_from_command_line(sys.argv)
    except HeguiError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from apps.core.database.availability import is_away

        if not is_away(error):
            raise
        print(
            f"The database does not answer ({type(error.__cause__ or error).__name__}). See that PostgreSQL "
            "runs and takes DATABASE_URL, then run the same again.",
            file=sys.stderr,
        )
        return 1
    return 0
