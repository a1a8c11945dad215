"""Metrics and probes of backups, purges and the ledger."""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from apps.core.calendar import clock
from apps.core.errors import HeguiError, sentence_of
from apps.core.web.health import Outcome, Probe, warning, well, wrong
from apps.core.web.health import register as register_probes
from apps.core.web.metrics import Metric, Values, one, register

from . import databases
from .ledger import ledger_file
from .models import BackupRun, PurgeRun
from .services import last_good
from .services.scheduling import is_late, secrets_of_site


def _backup_age() -> Values:
    good = last_good()
    return one((clock.now() - good.created_at).total_seconds() if good else None)


def _purge_age() -> Values:
    done = PurgeRun.objects.filter(state=PurgeRun.State.DONE).order_by("-pk").first()
    return one((clock.now() - done.created_at).total_seconds() if done else None)


def _drill_failed() -> Values:
    last = BackupRun.objects.filter(kind=BackupRun.Kind.DRILL, ended_at__isnull=False).order_by("-pk").first()
    return one(None if last is None else last.state == BackupRun.State.FAILED)


def _backup() -> Outcome:
    try:
        secrets_of_site()
    except (HeguiError, OSError) as error:
        return wrong(
            sentence_of(error),
            _("HEGUI_BACKUP_KEY_FILE names a file of mode 0600 that the site's user owns."),
        )
    if not is_late(clock.now()):
        return well()
    hint = _("Look at the page Backups; `manage.py backup FILE` makes one now.")
    return warning(_("There is no good backup of the last 26 hours."), hint)


def _client() -> Outcome:
    """pg_dump refuses a server that is newer than itself: no backup could be made."""
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version_num')::int / 10000")
        server = cursor.fetchone()[0]
    try:
        client = databases.client_version()
    except databases.ProgramFailed as error:
        return wrong(
            str(error),
            _("Install PostgreSQL's client of the server's version: backups and upgrades need it."),
        )
    if client < server:
        said = _("pg_dump is of version %(client)d, the server of %(server)d.") % {
            "client": client,
            "server": server,
        }
        return wrong(
            said, _("Install PostgreSQL's client of the server's version: backups and upgrades need it.")
        )
    return well()


def _purge() -> Outcome:
    last = PurgeRun.objects.order_by("-pk").first()
    if last is None or last.state != PurgeRun.State.FAILED:
        return well()
    return warning(
        _("The last purge did not end well."),
        _("The page Deletion names what is left; `manage.py purge` goes on."),
    )


def _ledger() -> Outcome:
    location = ledger_file()
    return well(str(location) if location.exists() else _("Nothing has been written into it yet."))


def register_all() -> None:
    register(
        Metric("hegui_backup_age_seconds", "Since when the newest good backup was begun.", _backup_age),
        Metric("hegui_purge_age_seconds", "Since when the last complete purge was begun.", _purge_age),
        Metric("hegui_drill_failed", "1 when the last restore drill failed.", _drill_failed),
    )
    register_probes(
        Probe("backup", _backup),
        Probe("database_client", _client),
        Probe("purge", _purge),
        Probe("ledger", _ledger),
    )
