#!/usr/bin/env python
"""The command line. Without DATABASE_URL, the embedded servers run while a command runs."""

import os
import sys

# Commands that look at code, not at data, leave the servers alone.
NEEDS_NO_SERVER = {"check", "collectstatic", "help", "messages", "version", "--help", "--version"}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    from apps.core.catalog import compile_if_older
    from apps.core.errors import HeguiError

    try:
        compile_if_older()
        services = settings.EMBEDDED
        if services is None or (sys.argv[1:] or ["help"])[0] in NEEDS_NO_SERVER:
            execute_from_command_line(sys.argv)
        else:
            with services.leaned_on():
                execute_from_command_line(sys.argv)
    except HeguiError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
