"""What every site needs, whatever its rooms: its settings, database, tables, queue, files, keys, certificate,
room on the disk."""

import json
import os
import secrets
import shutil
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.core import checks
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import get_connection
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from kombu import Connection

from ..crypto import keyring
from ..crypto.startup_check import open_newest
from ..database.redis_server import tls
from ..errors import KeyringError
from .health import Outcome, Probe, register, warning, well, wrong
from .metrics import Values, one

MOST_SKEW = 5.0  # seconds between this machine's clock and the database's
LEAST_FREE, LITTLE_FREE = 1 << 30, 10 << 30  # bytes
DAYS_LEFT = 21
SECONDS = 3
_STORAGE = _("See that HEGUI_STORAGE_URL names a place that answers and may be written.")


def settings_hold() -> Outcome:
    """What the system checks find, those for a real site included."""
    found = [
        each
        for each in checks.run_checks(include_deployment_checks=not settings.DEMO)
        if not each.is_silenced()
    ]
    errors = [each for each in found if each.level >= checks.ERROR]
    if not found:
        return well()
    said = " ".join(f"{each.msg} {each.hint or ''}".strip() for each in errors or found)
    return (wrong if errors else warning)(said, _("`manage.py check --deploy` lists them."))


def database_answers() -> Outcome:
    with connection.cursor() as cursor:
        cursor.execute("select extract(epoch from clock_timestamp()), current_setting('server_version')")
        seconds, version = cursor.fetchone()
    skew = abs(timezone.now().timestamp() - float(seconds))
    if skew > MOST_SKEW:
        return warning(
            _("Its clock and this machine's are %(seconds)d seconds apart.") % {"seconds": skew},
            _("Have both follow the same time server."),
        )
    return well(f"PostgreSQL {version}")


def missing_steps() -> list[str]:
    """Migrations of this version that the database lacks, in their order."""
    executor = MigrationExecutor(connection)
    return [
        f"{each.app_label}.{each.name}"
        for each, _is_back in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]


_schema = {"fits": False}  # once it fits it fits: later versions only add, and this process keeps its code


def schema_fits() -> Outcome:
    """Whether every table that this version works with is there, the cache's too."""
    if _schema["fits"]:
        return well()
    if missing := missing_steps():
        said = _("The database lacks %(count)d steps of this version, first %(name)s.") % {
            "count": len(missing),
            "name": missing[0],
        }
        return wrong(said, _("Run `manage.py upgrade`."))
    if str(settings.CACHES["default"]["LOCATION"]) not in connection.introspection.table_names():
        return wrong(_("The table of the cache is missing."), _("Run `manage.py upgrade`."))
    _schema["fits"] = True
    return well()


def keys_are_there() -> Outcome:
    try:
        keyring.reload()
        if keyring.refusal():
            return wrong(
                keyring.refusal(), _("Put the keyring back with which the site was started, or restart it.")
            )
    except (KeyringError, OSError) as error:
        return wrong(
            str(error) if isinstance(error, KeyringError) else type(error).__name__,
            _("`manage.py keyring` makes and completes one."),
        )
    return well()


def keys_open_what_is_stored() -> Outcome:
    open_newest()
    return well()


def queue_answers() -> Outcome:
    """Redis. Without it pages and the gate go on; jobs wait."""
    options = {"socket_connect_timeout": SECONDS, "socket_timeout": SECONDS}
    link: Any = Connection(settings.REDIS_URL or "redis://", ssl=tls() or None, transport_options=options)  # type: ignore[no-untyped-call]
    with link:
        link.ensure_connection(max_retries=1, timeout=SECONDS)
        link.default_channel.client.ping()
    return well()


def files_are_kept() -> Outcome:
    """Writes, reads and deletes a file of a few bytes where encrypted files go."""
    content = secrets.token_bytes(16)
    name = default_storage.save(f"probe/{secrets.token_hex(8)}", ContentFile(content))
    try:
        with default_storage.open(name) as file:
            kept = file.read() == content
    finally:
        default_storage.delete(name)
    return well() if kept else wrong(_("What was written was not what was read."))


def files_can_be_asked_for() -> Outcome:
    """Whether the place of encrypted files answers; asks, and writes nothing."""
    default_storage.exists("probe/none")
    return well()


def static_files_are_collected() -> Outcome:
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        return wrong(
            _("Style sheets and scripts are not collected."), _("Run `manage.py collectstatic --no-input`.")
        )
    json.loads(manifest.read_text())
    return well()


def _least_free() -> tuple[int, Path]:
    ledger = settings.HEGUI_LEDGER
    places = {
        Path(settings.HEGUI_HOME),
        Path(settings.MEDIA_ROOT),
        *([ledger] if isinstance(ledger, Path) else []),
    }
    return min((shutil.disk_usage(_existing(each)).free, each) for each in places)


def free_bytes() -> Values:
    return one(_least_free()[0])


def disk_has_room() -> Outcome:
    free, place = _least_free()
    said = _("%(free)d GiB are free at %(place)s.") % {"free": free >> 30, "place": place}
    if free < LEAST_FREE:
        return wrong(said, _("Free some room: recordings, uploads and the ledger need it."))
    return warning(said, _("Free some room soon.")) if free < LITTLE_FREE else well(said)


def _existing(place: Path) -> Path:
    return next(each for each in (place, *place.parents) if each.exists())


def certificate_ends() -> datetime | None:
    """When the certificate that this site serves ends; None where it serves none itself. Raises `OSError`,
    `ValueError`."""
    if not settings.HEGUI_TLS_CERT:
        return None
    return x509.load_pem_x509_certificate(Path(settings.HEGUI_TLS_CERT).read_bytes()).not_valid_after_utc


def certificate_days() -> Values:
    ends = certificate_ends()
    return one((ends - datetime.now(UTC)).total_seconds() / 86400 if ends else None)


def certificate_holds() -> Outcome:
    ends = certificate_ends()
    if ends is None:
        return (
            well(_("TLS ends at the proxy."))
            if settings.HEGUI_TRUSTED_PROXIES or settings.DEMO
            else wrong(_("There is no certificate."))
        )
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.HEGUI_TLS_CERT, settings.HEGUI_TLS_KEY)
    days = (ends - datetime.now(UTC)).days
    said = _("The certificate ends in %(days)d days.") % {"days": days}
    if days < 0:
        return wrong(said, _("Put the new one in place and restart the web processes."))
    return warning(said, _("Renew it.")) if days < DAYS_LEFT else well(said)


def mail_server_answers() -> Outcome:
    if not settings.EMAIL_URL:
        return warning(_("No mail server is set: nobody gets e-mail."), _("Set EMAIL_URL."))
    link = get_connection()
    link.open()
    link.close()
    return well()


def gateway_of_messages_answers() -> Outcome:
    """Only whether something takes connections there: a message that nobody asked for is not sent."""
    if not settings.HEGUI_SMS_URL:
        return warning(
            _(
                "No gateway of short messages is set: people cannot confirm requests about their data by a "
                "code."
            ),
            _("Set HEGUI_SMS_URL."),
        )
    parts = urlsplit(settings.HEGUI_SMS_URL)
    socket.create_connection((parts.hostname or "", parts.port or 443), timeout=SECONDS).close()
    return well()


def files_are_ours() -> Outcome:
    """Whether what only this site may read is kept from others."""
    home = Path(settings.HEGUI_HOME)
    open_to_others = [
        path.name
        for path in (home / "secret_key", home / "keyring.json")
        if path.exists() and path.stat().st_mode & 0o077
    ]
    if open_to_others:
        return wrong(
            _("Others on this machine can read %(names)s.") % {"names": ", ".join(open_to_others)},
            _("Set the mode to 0600."),
        )
    return (
        well()
        if os.access(home, os.W_OK)
        else wrong(
            _("%(home)s cannot be written.") % {"home": home}, _("Give it to the user that runs Hegui.")
        )
    )


def register_all() -> None:
    register(
        Probe("settings", settings_hold),
        Probe(
            "database",
            database_answers,
            is_needed=True,
            is_quick=True,
            advice=_(
                "See that PostgreSQL runs, and that host, port, name, user, password and certificate in "
                "DATABASE_URL are right."
            ),
        ),
        Probe("schema", schema_fits, is_needed=True, is_quick=True),
        Probe("keyring", keys_are_there, is_needed=True, is_quick=True),
        Probe("stored_values", keys_open_what_is_stored),
        Probe(
            "queue",
            queue_answers,
            is_quick=True,
            advice=_("See that Redis runs, and that host, port and password in REDIS_URL are right."),
        ),
        Probe("storage", files_can_be_asked_for, is_quick=True, advice=_STORAGE),
        Probe("files", files_are_kept, advice=_STORAGE),
        Probe("static_files", static_files_are_collected),
        Probe("disk", disk_has_room, is_quick=True),
        Probe("certificate", certificate_holds),
        Probe("mail", mail_server_answers, advice=_("See that EMAIL_URL names a server that answers.")),
        Probe("messages", gateway_of_messages_answers),
        Probe("home", files_are_ours),
    )
