"""Bringing the database to this version: one host at a time, with a backup before, while the version before
still answers."""

import time
from collections.abc import Callable

from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.crypto.startup_check import open_newest
from apps.core.database.locks import AlreadyRunning, run_exclusively
from apps.core.errors import HeguiError
from apps.core.web.probes import missing_steps

from ..archive import BackupRefused
from ..models import BackupRun
from ..repairing_numbers import repair_numbers
from .scheduling import back_up_by_schedule

LOCK = "upgrade"
PATIENCE = 3600.0  # seconds for another host that migrates


class UpgradeBusy(HeguiError):
    code = "upgrade_busy"
    status = 409
    sentence = _("Another host has been migrating for an hour. See what it does before you go on.")


def is_new() -> bool:
    """Whether nobody has worked with the database yet: a first upgrade that was cut short begins like a first
    one."""
    tables = set(connection.introspection.table_names())
    return not {"accounts_user", BackupRun._meta.db_table} <= tables or not User.objects.exists()


def upgrade(*, with_backup: bool, tell: Callable[[str], None] = lambda _line: None) -> int:
    """Migrate, make the cache's table, see that the keyring opens what is stored, bring numbers to their one
    form (a step of code, not of a migration: numbers are open to the keyring alone). Returns how many steps
    were made.

    Several hosts may ask at once: one does it, the others wait and find it done. A backup is made before the
    first step on a database with data. Raises `UpgradeBusy`, and what a backup or a migration raises: nothing
    of the step that failed is kept.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with run_exclusively(LOCK):
                return _migrate(with_backup=with_backup, tell=tell)
        except AlreadyRunning:
            if time.monotonic() > deadline:
                raise UpgradeBusy() from None
            tell("Another host migrates; waiting.")
            time.sleep(2)


def _migrate(*, with_backup: bool, tell: Callable[[str], None]) -> int:
    steps = missing_steps()
    if steps and with_backup and not is_new():
        tell("A backup first.")
        try:
            run = back_up_by_schedule()
        except AlreadyRunning:
            raise BackupRefused(
                _("A backup is being made. Wait until it has ended, and upgrade again.")
            ) from None
        except DatabaseError:  # this version's tables are not there yet
            raise BackupRefused(
                _("Make the backup with the version before, and upgrade with --no-backup.")
            ) from None
        if run.state != BackupRun.State.DONE:
            raise BackupRefused(run.sentence)
        tell(f"{run.name} is whole.")
    if steps:
        tell(f"{len(steps)} steps, first {steps[0]}.")
        call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    open_newest()
    if steps and any((brought := repair_numbers()).values()):
        counts = ", ".join(f"{count} {what}" for what, count in brought.items() if count)
        tell(
            "Numbers that an earlier version stored in another form were brought to their one form: "
            f"{counts}."
        )
    return len(steps)
