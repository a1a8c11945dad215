"""Environment variables: which there are, which are misspelt, which hold what cannot be read. Settings ask;
system checks tell."""

import difflib
import ipaddress
import os
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

PREFIX = "HEGUI_"
# Read by commands and tests, not by the settings.
OF_COMMANDS = {
    "HEGUI_DIALLER_KEY",
    "HEGUI_BENCH_DATABASE",
    "HEGUI_BENCH_CLOCK",
    "HEGUI_EXPLORE",
    "HEGUI_GATEWAY_KEY",
    "HEGUI_SPOOL",
}
NO_MAIL = "consolemail://"
YES, NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


class Variables(environ.Env):
    """Remembers what it was asked for. A value that cannot be read is noted, and the default is taken until
    somebody repairs it: the checks keep the site from starting. A value that begins with `$` is what it says,
    never the name of another variable."""

    escape_proxy = True

    def __init__(self) -> None:
        super().__init__()
        self.known = set(OF_COMMANDS)
        self.unreadable: dict[str, str] = {}
        self.ENVIRON = {
            name: f"\\{value}" if value.startswith("$") else value for name, value in os.environ.items()
        }

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        self.known.add(var)
        given = str(self.ENVIRON.get(var, "")).strip()
        if cast is bool and given.lower() not in YES | NO:
            self.unreadable[var] = "it is neither true nor false"
            return default
        try:
            return super().get_value(var, cast, default, parse_default)
        except ImproperlyConfigured:
            raise
        except Exception as error:  # noqa: BLE001  (whatever a value holds: it is named, never shown)
            self.unreadable[var] = f"it cannot be read ({type(error).__name__})"
            return default

    def database(self, var: str) -> dict[str, Any]:
        """The settings of a database address; none of its parts is shown when it cannot be read."""
        self.known.add(var)
        try:
            return dict(self.db_url_config(self.ENVIRON[var]))
        except Exception as error:  # noqa: BLE001  (the address holds a password)
            self.unreadable[var] = (
                "it is no address of a database, or a sign in it is not percent-encoded "
                f"({type(error).__name__})"
            )
            return {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "unreadable",
                "HOST": "unreadable.invalid",
            }

    def mail(self, var: str) -> dict[str, Any]:
        """The settings of a mail server's address; none of its parts is shown when it cannot be read."""
        try:
            return dict(self.email_url_config(self.str(var, "") or NO_MAIL))
        except Exception as error:  # noqa: BLE001  (the address holds a password)
            self.unreadable[var] = f"it is no address of a mail server ({type(error).__name__})"
            return dict(self.email_url_config(NO_MAIL))

    def whole(self, var: str, default: int, least: int, most: int) -> int:
        given = int(self.int(var, default))
        if not least <= given <= most:
            self.unreadable[var] = f"it is not from {least} to {most}"
            return default
        return given

    def absolute(self, var: str, default: Any = "") -> str:
        """The path of a file or folder: each process of the site starts in a folder of its own."""
        given = str(self.str(var, ""))
        if given and not given.startswith("/"):
            self.unreadable[var] = "it is no absolute path"
            return str(default)
        return given or str(default)

    def address(self, var: str, *schemes: str, refused: str = "\x00") -> str:
        """An address with one of the schemes, or ""; `refused` is what its parameters may not begin with."""
        given = str(self.str(var, ""))
        if not given:
            return ""
        parts = urlsplit(given)
        if parts.scheme not in schemes:
            self.unreadable[var] = f"it begins with none of: {', '.join(f'{each}:' for each in schemes)}"
            return ""
        if wrong := [name for name, _value in parse_qsl(parts.query) if name.startswith(refused)]:
            self.unreadable[var] = f"it sets {wrong[0]}, which the site itself sets: take it out"
            return ""
        return given

    def one_of(self, var: str, default: str, *others: str) -> str:
        given = str(self.str(var, default)).strip().lower()
        if given not in (default, *others):
            self.unreadable[var] = f"it is none of: {', '.join(others)}"
            return default
        return given

    def networks(self, var: str, default: tuple[str, ...] = ()) -> list[str]:
        """Address ranges with commas between them, like `10.1.0.0/16,fd00::/8`; a single address is a range
        too."""
        found = []
        for text in self.list(var, default=list(default)):
            try:
                found.append(str(ipaddress.ip_network(text.strip())))
            except ValueError:
                self.unreadable[var] = "it is no list of address ranges like 10.1.0.0/16,10.2.0.5"
        return found

    def misspelt(self) -> dict[str, str]:
        """Variables of ours that nobody asked for, each with the known name that is most like it, or ""."""
        unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in self.known)
        return {
            name: next(iter(difflib.get_close_matches(name, self.known, n=1, cutoff=0.75)), "")
            for name in unknown
        }
