"""System checks: what the deploy check refuses (R4, R7), and keyring health."""

import os
import ssl
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import models
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from .crypto import keyring
from .errors import KeyringError
from .ports import PORTS
from .privacy.fields import GuardedArrayField

# Addresses of other systems, and the site's own in links.
OUTGOING = ("HEGUI_SMS_URL", "HEGUI_THIRD_READER_URL", "HEGUI_OIDC_SERVER", "HEGUI_URL")


@register(Tags.security)
def keyring_is_usable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    is_new = settings.EMBEDDED is not None and not (settings.HEGUI_HOME / "postgres.made").exists()
    if is_new and not settings.HEGUI_KEYRING and not settings.HEGUI_KEYRING_FILE.exists():
        return []  # made before the first start
    try:
        keyring.keys("fields")
    except KeyringError as error:
        return [
            Error(
                str(error),
                hint="`manage.py keyring make FILE` makes one, `keyring add` completes an older one; "
                "HEGUI_KEYRING_FILE names it.",
                id="hegui.E001",
            )
        ]
    return []


@register
def environment_is_understood(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A variable that nobody reads, or that holds what cannot be read, is not what somebody meant."""
    found: list[CheckMessage] = [
        _error(f"{name}: {why}.", "Repair the value; README and docs/install.md say what it holds.", 25)
        for name, why in settings.UNREADABLE_VARIABLES.items()
    ]
    found += [
        _error(f"There is no variable {name}.", f"Did you mean {likely}?" if likely else "Unset it.", 24)
        for name, likely in settings.MISSPELT_VARIABLES.items()
    ]
    if not settings.HAS_SECRET_KEY:
        hint = "Set it to 50 or more random characters, the same on every host and kept from everybody."
        found.append(_error("HEGUI_SECRET_KEY is not set.", hint, 20))
    return found


LEAST_SECRET = 50  # characters
MOST_PROXIES = 2**8  # addresses in one range of trusted proxies
_TYPED = (models.CharField, models.TextField, models.SlugField, models.URLField)


@register(Tags.models)
def typed_text_is_guarded(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """R1: no number of a person may come to stand in an ordinary column. A text that people or programs write
    is protected, guarded or of a list; a model names the columns that only the product fills in its
    `NOT_TYPED`."""
    found: list[CheckMessage] = []
    for model in apps.get_models():
        if not model.__module__.startswith("apps."):
            continue
        not_typed = getattr(model, "NOT_TYPED", ())
        for field in model._meta.local_fields:
            if isinstance(field, GuardedArrayField):
                continue
            inner = field.base_field if isinstance(field, ArrayField) else field
            if type(inner) not in _TYPED or inner.choices or field.name in not_typed:
                continue
            hint = "Use a guarded or protected field, or name the column in the model's NOT_TYPED."
            found.append(
                Error(
                    f"{model._meta.label}.{field.name} may come to hold a number of a person.",
                    hint=hint,
                    id="hegui.E002",
                )
            )
    return found


@register
def ports_are_provided(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What a room below asks of rooms above has exactly one answer; `Port.provide` refuses a second."""
    hint = "Provide it in the ready() of the app that knows the answer, and install that app."
    return [
        Error(f"No app provides the port {port.name}.", hint=hint, id="hegui.E003")
        for port in PORTS
        if not port.is_provided
    ]


def _certificate() -> list[CheckMessage]:
    """The site serves TLS 1.3 itself, or a proxy on the same machine does, with nothing but loopback between
    them."""
    given = [name for name in ("HEGUI_TLS_CERT", "HEGUI_TLS_KEY") if getattr(settings, name)]
    if not given:
        if settings.HEGUI_TRUSTED_PROXIES and all(
            ip_network(each).is_loopback for each in settings.HEGUI_TRUSTED_PROXIES
        ):
            return []
        hint = (
            "Set HEGUI_TLS_CERT and HEGUI_TLS_KEY; without them only proxies on this machine may be "
            "trusted (HEGUI_TRUSTED_PROXIES)."
        )
        return [_error("The site has no certificate: it cannot serve TLS 1.3.", hint, 15)]
    if len(given) == 1:
        return [
            _error(
                f"Of certificate and key only {given[0]} is set.", "Set HEGUI_TLS_CERT and HEGUI_TLS_KEY.", 15
            )
        ]
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.HEGUI_TLS_CERT, settings.HEGUI_TLS_KEY
        )
    except (OSError, ssl.SSLError) as error:
        why = error.strerror or type(error).__name__
        return [
            _error(
                f"Certificate and key cannot be used: {why}.",
                "HEGUI_TLS_CERT and HEGUI_TLS_KEY name PEM files of a pair.",
                18,
            )
        ]
    return []


def _is_verified(url: str) -> bool:
    """Whether a connection of libpq is a Unix socket, or TLS that asks who answers."""
    try:
        about = conninfo_to_dict(url)
    except ProgrammingError:  # its sentence shows the address, with the password
        return False
    return str(about.get("host", "")).startswith("/") or about.get("sslmode") == "verify-full"


@register(Tags.security, deploy=True)
def no_plain_text(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """R4: nothing travels in plain text; Unix sockets do not travel."""
    found: list[CheckMessage] = []
    if isinstance(settings.HEGUI_LEDGER, str) and not _is_verified(settings.HEGUI_LEDGER):
        found.append(
            _error(
                "The connection to the PostgreSQL of the ledger is not encrypted, or does not verify who "
                "answers.",
                "Append ?sslmode=verify-full&sslrootcert=… to HEGUI_LEDGER.",
                29,
            )
        )
    database = settings.DATABASES["default"]
    host = str(database.get("HOST") or "")
    options = database.get("OPTIONS", {})
    if not host.startswith("/"):
        if options.get("sslmode") != "verify-full":
            found.append(
                _error(
                    "The connection to PostgreSQL is not encrypted, or does not verify who answers.",
                    "Append ?sslmode=verify-full&sslrootcert=…&ssl_min_protocol_version=TLSv1.3 to "
                    "DATABASE_URL.",
                    11,
                )
            )
        elif options.get("ssl_min_protocol_version") != "TLSv1.3":
            found.append(
                _error(
                    "PostgreSQL may be reached with less than TLS 1.3.",
                    "Append &ssl_min_protocol_version=TLSv1.3 to DATABASE_URL.",
                    12,
                )
            )
    authority = options.get("sslrootcert", "system")
    if authority != "system" and not os.access(authority, os.R_OK):
        found.append(
            _error(
                "The authority's certificate that DATABASE_URL names (sslrootcert) cannot be read.",
                "Name a PEM file that the user of the site may read.",
                41,
            )
        )
    redis = urlsplit(settings.REDIS_URL)
    if redis.scheme not in {"rediss", "redis+socket", "unix"}:
        found.append(
            _error("The connection to Redis is not encrypted.", "Use a rediss:// address in REDIS_URL.", 13)
        )
    elif redis.scheme == "rediss" and not redis.password:
        found.append(
            _error(
                "Redis is asked without a password.",
                "Write it into REDIS_URL: rediss://:password@host:6379/0.",
                17,
            )
        )
    mail = urlsplit(settings.EMAIL_URL)
    if mail.scheme not in {"smtp+tls", "smtps", "smtp+ssl", "submission"}:
        found.append(_error("Mail is not sent over TLS.", "Use an smtp+tls:// address in EMAIL_URL.", 14))
    found += _certificate()
    outgoing = {name: getattr(settings, name) for name in OUTGOING}
    found += [
        _error(f"{name} is no https address.", "Give an address that begins with https://.", 16)
        for name, value in outgoing.items()
        if value and urlsplit(value).scheme != "https" and not value.lower().startswith("http://")
    ]
    found += [
        _error(f"{name} is a plain-text address.", "Use an https:// address.", 16)
        for name, value in sorted(os.environ.items())
        if name.startswith("HEGUI_")
        and (value.lower().startswith(("http://", "ftp://", "ws://")) or "endpoint=http://" in value.lower())
    ]
    return found


@register(Tags.security, deploy=True)
def no_demo(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A site with real people in it has neither demo sign-ins nor a secret that was made up."""
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(
            _error(
                "Demo sign-ins are open.", "Unset HEGUI_DEMO and use a database that is not the demo's.", 21
            )
        )
    if settings.EMBEDDED is not None:
        found.append(
            _error(
                "The embedded database and keys are in use.",
                "Set DATABASE_URL, REDIS_URL, HEGUI_SECRET_KEY and a keyring.",
                22,
            )
        )
    if 0 < len(settings.SECRET_KEY) < LEAST_SECRET:
        found.append(
            _error(
                f"HEGUI_SECRET_KEY is shorter than {LEAST_SECRET} characters.",
                "`python -c 'import secrets; print(secrets.token_urlsafe(50))'` makes one.",
                35,
            )
        )
    if (
        settings.HEGUI_OIDC_SERVER
        and not settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["client_id"]
    ):
        found.append(
            _error(
                "Company sign-in has a server and no client.",
                "Set HEGUI_OIDC_CLIENT_ID and HEGUI_OIDC_SECRET, as your provider gave them.",
                36,
            )
        )
    wide = [each for each in settings.HEGUI_TRUSTED_PROXIES if ip_network(each).num_addresses > MOST_PROXIES]
    if wide:
        found.append(
            _error(
                f"{wide[0]} in HEGUI_TRUSTED_PROXIES is a whole network: whoever is in it writes the address "
                "of the client.",
                "Name the addresses of your proxies.",
                37,
            )
        )
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(_error("The site does not know its own name.", "Set HEGUI_ALLOWED_HOSTS.", 23))
    return found


def _error(sentence: str, hint: str, number: int) -> Error:
    return Error(sentence, hint=hint, id=f"hegui.E{number:03}")
