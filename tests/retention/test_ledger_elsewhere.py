"""The ledger and the heads in another PostgreSQL, for a site of several hosts: what a restore may not forget
is there."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from apps.audit import heads
from apps.audit.services import sign_trail, verify_trail
from apps.contacts.models import Contact
from apps.core.documents.append_only import LineTable
from apps.retention import ledger, services
from apps.retention.services import restoring
from tests.world import PHONE, World


@pytest.fixture(autouse=True)
def _elsewhere(elsewhere: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(settings, "HEGUI_LEDGER", elsewhere)
    monkeypatch.setattr(ledger, "ledger_file", lambda: LineTable(elsewhere, f"ledger {request.node.name}"))
    monkeypatch.setattr(heads, "heads_file", lambda: LineTable(elsewhere, f"heads {request.node.name}"))


def test_a_refusal_and_an_erasure_are_reported_and_come_back(world: World, clock: Any) -> None:
    world.opt_out()
    assert services.watch_ledger()
    assert [line.kind for line in ledger.read_ledger()] == ["refused"]
    Contact.objects.update(expires_at=world.at("10:00"))
    services.purge(pause=0)
    assert [line.kind for line in ledger.read_ledger()] == ["refused", "erasing", "erased"]
    assert ledger.head()[0] == 3
    back = world.add_contact(PHONE)
    Contact.objects.filter(pk=back.pk).update(created_at=back.created_at - timedelta(days=1))
    assert restoring.replay() == {"opt_outs": 0, "lifts": 0, "erased": 1}
    assert services.check_consistency() == {}


def test_heads_are_reported_and_a_trail_that_was_made_anew_shows(world: World) -> None:
    world.authorize()
    sign_trail()
    assert heads.last_heads()["decisions"][0] == 1
    assert verify_trail().count == 0


def test_the_page_says_where_they_are(world: World, browse: Any) -> None:
    assert "postgresql://" in browse("admin").get("/enforcement/").content.decode()
