"""Environment variables: which there are, which are misspelt, which hold what cannot be read. Settings ask;
system checks tell."""

import difflib
import ipaddress
import os
import re
from email.utils import parseaddr
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
POSTGRESQL = ("postgres", "postgresql")
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+")
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
        wrong = "it is no address of a database, or a sign in it is not percent-encoded"
        try:
            found = dict(self.db_url_config(self.ENVIRON[var]))
        except Exception as error:  # noqa: BLE001  (the address holds a password)
            self.unreadable[var] = f"{wrong} ({type(error).__name__})"
        else:
            host = str(found.get("HOST", ""))
            if urlsplit(self.ENVIRON[var]).scheme not in POSTGRESQL:
                self.unreadable[var] = (
                    f"it begins with none of: {', '.join(f'{each}:' for each in POSTGRESQL)}"
                )
            elif not found.get("NAME"):
                self.unreadable[var] = "it names no database: postgres://user:password@host:5432/name"
            elif "@" in f"{host}{found['NAME']}" or "/" in (
                found["NAME"] if host.startswith("/") else f"{host}{found['NAME']}"
            ):
                self.unreadable[var] = wrong
            else:
                return found
        return {"ENGINE": "django.db.backends.postgresql", "NAME": "unreadable", "HOST": "unreadable.invalid"}

    def redis(self, var: str) -> str:
        """The address of Redis, a socket as Celery writes it: `redis+socket:///path?virtual_host=0`."""
        # How TLS is spoken is ours to say: an ssl_ parameter would take the place of all of it.
        given = self.address(var, "rediss", "redis", "redis+socket", "unix", refused="ssl_")
        parts = urlsplit(given)
        options = dict(parse_qsl(parts.query))
        if others := options.keys() - {"db", "virtual_host"}:
            self.unreadable[var] = f"it sets {sorted(others)[0]}, which is not known here: take it out"
            return ""
        if parts.scheme in {"unix", "redis+socket"}:
            number = options.get("virtual_host", options.get("db"))
            return f"redis+socket://{parts.path}" + (f"?virtual_host={number}" if number else "")
        return given

    def ip(self, var: str, default: str) -> str:
        """An IP address."""
        given = str(self.str(var, default))
        try:
            return str(ipaddress.ip_address(given))
        except ValueError:
            self.unreadable[var] = "it is no IP address, like 127.0.0.1 or 0.0.0.0"
            return default

    def mailbox(self, var: str, default: str = "") -> str:
        """The address of a mailbox, also with the name of its owner before it."""
        given = str(self.str(var, default))
        if given and not _MAILBOX.fullmatch(parseaddr(given)[1]):
            self.unreadable[var] = "it is no e-mail address"
            return default
        return given

    def mailboxes(self, var: str) -> list[str]:
        found = [str(each).strip() for each in self.list(var, default=[])]
        if not all(_MAILBOX.fullmatch(each) for each in found):
            self.unreadable[var] = "it is no list of e-mail addresses"
            return []
        return found

    def hosts(self, var: str, default: list[str]) -> list[str]:
        """Names of the site with commas between them."""
        found = [str(each).strip() for each in self.list(var, default=default)]
        if any("/" in each or each.count(":") == 1 for each in found):
            self.unreadable[var] = "a name stands without scheme, path and port: hegui.example.cn"
            return default
        return found

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
