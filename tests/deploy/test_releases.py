"""The database of every version that was given out comes to today's tables by migrating, with what stands in
it.

`tests/data/releases/` holds the demo of each version as `pg_dump` writes it, and its keyring: people and keys
are invented.
"""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.audit.services import verify_trail
from apps.calls.models import Call
from apps.contacts.models import Contact
from apps.core.crypto.startup_check import open_newest
from apps.optouts.models import OptOut
from apps.retention import databases

RELEASES = sorted((Path(__file__).parent.parent / "data" / "releases").glob("*.dump"))
OF_A_RELEASE = "hegui_of_a_release"


def test_there_is_one() -> None:
    assert RELEASES


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dump", RELEASES, ids=lambda path: path.stem)
def test_it_migrates_to_now(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HEGUI_KEYRING", dump.with_suffix(".keyring.json").read_text())
    databases.create(OF_A_RELEASE)
    try:
        with databases.load(OF_A_RELEASE) as into:
            into.write(dump.read_bytes())
        with databases.working_on(OF_A_RELEASE):
            call_command("migrate", interactive=False, verbosity=0)
            executor = MigrationExecutor(connection)
            assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
            open_newest()
            assert Contact.objects.count() == 2000
            assert Call.objects.exists()
            assert OptOut.objects.exists()
            assert all(str(contact.phone) for contact in Contact.objects.all()[:20])
            assert verify_trail().count == 0
    finally:
        databases.drop(OF_A_RELEASE)
