"""System checks: what the deploy check refuses (R4, R7), and keyring health."""

import os
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import models
from psycopg.conninfo import conninfo_to_dict

from . import keyring
from .errors import KeyringError
from .fields import GuardedArrayField
from .ports import PORTS


@register(Tags.security)
def keyring_is_usable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        keyring.keys("fields")
    except KeyringError as error:
        return [Error(str(error), hint="Set HEGUI_KEYRING or HEGUI_KEYRING_FILE.", id="hegui.E001")]
    return []


@register(Tags.models)
def typed_text_is_guarded(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """R1: no number of a person may come to stand in an ordinary column. A text that people or programs write is protected, guarded or
    of a list; a model names the columns that only the product fills in its `NOT_TYPED`."""
    found: list[CheckMessage] = []
    for model in apps.get_models():
        if not model.__module__.startswith("apps."):
            continue
        not_typed = getattr(model, "NOT_TYPED", ())
        for field in model._meta.local_fields:
            if isinstance(field, GuardedArrayField):
                continue
            inner = field.base_field if isinstance(field, ArrayField) else field
            if type(inner) not in (models.CharField, models.TextField) or inner.choices or field.name in not_typed:
                continue
            hint = "Use a guarded or protected field, or name the column in the model's NOT_TYPED."
            found.append(Error(f"{model._meta.label}.{field.name} may come to hold a number of a person.", hint=hint, id="hegui.E002"))
    return found


@register
def ports_are_provided(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What a room below asks of rooms above has exactly one answer; `Port.provide` refuses a second."""
    hint = "Provide it in the ready() of the app that knows the answer, and install that app."
    return [Error(f"No app provides the port {port.name}.", hint=hint, id="hegui.E003") for port in PORTS if not port.is_provided]


def _is_verified(url: str) -> bool:
    """Whether a connection of libpq is a Unix socket, or TLS that asks who answers."""
    about = conninfo_to_dict(url)
    return str(about.get("host", "")).startswith("/") or about.get("sslmode") == "verify-full"


@register(Tags.security, deploy=True)
def no_plain_text(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """R4: nothing travels in plain text; Unix sockets do not travel."""
    found: list[CheckMessage] = []
    if isinstance(settings.HEGUI_LEDGER, str) and not _is_verified(settings.HEGUI_LEDGER):
        found.append(
            _error(
                "The connection to the PostgreSQL of the ledger is not encrypted, or does not verify who answers.",
                "Append ?sslmode=verify-full&sslrootcert=… to HEGUI_LEDGER.",
                29,
            )
        )
    database = settings.DATABASES["default"]
    host = str(database.get("HOST") or "")
    options = database.get("OPTIONS", {})
    if not host.startswith("/"):
        if options.get("sslmode") not in {"verify-full", "verify-ca", "require"}:
            found.append(
                _error(
                    "The connection to PostgreSQL is not encrypted.",
                    "Append ?sslmode=verify-full&ssl_min_protocol_version=TLSv1.3 to DATABASE_URL.",
                    11,
                )
            )
        elif options.get("ssl_min_protocol_version") != "TLSv1.3":
            found.append(
                _error("PostgreSQL may be reached with less than TLS 1.3.", "Append &ssl_min_protocol_version=TLSv1.3 to DATABASE_URL.", 12)
            )
    redis = urlsplit(settings.REDIS_URL)
    if redis.scheme not in {"rediss", "redis+socket", "unix"}:
        found.append(_error("The connection to Redis is not encrypted.", "Use a rediss:// address in REDIS_URL.", 13))
    mail = urlsplit(settings.EMAIL_URL)
    if mail.scheme not in {"smtp+tls", "smtps", "smtp+ssl", "submission"}:
        found.append(_error("Mail is not sent over TLS.", "Use an smtp+tls:// address in EMAIL_URL.", 14))
    if not (settings.HEGUI_TLS_CERT and settings.HEGUI_TLS_KEY):
        found.append(_error("The site has no certificate: it cannot serve TLS 1.3.", "Set HEGUI_TLS_CERT and HEGUI_TLS_KEY.", 15))
    found += [
        _error(f"{name} is a plain-text address.", "Use an https:// address.", 16)
        for name, value in sorted(os.environ.items())
        if name.startswith("HEGUI_") and (value.lower().startswith(("http://", "ftp://", "ws://")) or "endpoint=http://" in value.lower())
    ]
    return found


@register(Tags.security, deploy=True)
def no_demo(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A site with real people in it has neither demo sign-ins nor a secret that was made up."""
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(_error("Demo sign-ins are open.", "Unset HEGUI_DEMO and use a database that is not the demo's.", 21))
    if settings.EMBEDDED is not None:
        found.append(
            _error("The embedded database and keys are in use.", "Set DATABASE_URL, REDIS_URL, HEGUI_SECRET_KEY and a keyring.", 22)
        )
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(_error("The site does not know its own name.", "Set HEGUI_ALLOWED_HOSTS.", 23))
    return found


def _error(sentence: str, hint: str, number: int) -> Error:
    return Error(sentence, hint=hint, id=f"hegui.E{number:03}")
