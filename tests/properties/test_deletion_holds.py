"""Deletion holds: 200 random histories of people who come, expire, are held, refuse, are purged, with crashes
and restores.

A restore is played as what it does to people: those of the backup are there again, then the ledger outside is
replayed. (Real backups and restores of whole databases: tests/retention/test_backup.py.)
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.optouts.models import OptOut
from apps.retention import ledger, services
from apps.retention.models import Erasure, LegalHold
from tests.proofs import sized
from tests.world import World

PHONES = [f"1390000{number:04}" for number in range(2)]
WHO = st.integers(0, len(PHONES) - 1)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["comes", "expires", "is_held", "released", "refuses", "half_erased"]), WHO),
    st.tuples(st.sampled_from(["purge", "is_backed_up", "restore"]), st.just(0)),
)


@dataclass
class History:
    """What happens, and what has to be true of each person."""

    world: World
    clock: Any
    held: dict[str, LegalHold] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    # the last time that they were gone, or about to be
    erased_at: dict[str, Any] = field(default_factory=dict)
    backup: list[tuple[Any, ...]] = field(default_factory=list)

    def contact(self, phone: str) -> Contact | None:
        return Contact.objects.filter(number_index=blind_index.number_index(f"+86{phone}")).first()

    def play(self, step: str, who: int) -> None:
        self.clock.shift(60)
        phone = PHONES[who]
        getattr(self, step)(phone, self.contact(phone))

    def comes(self, phone: str, contact: Contact | None) -> None:
        if contact is None:
            self.world.add_contact(phone, consent=False, created_at=clock.now())

    def expires(self, phone: str, contact: Contact | None) -> None:
        if contact is not None:
            Contact.objects.filter(pk=contact.pk).update(expires_at=clock.now())

    def is_held(self, phone: str, contact: Contact | None) -> None:
        if contact is not None and phone not in self.held:
            self.held[phone] = services.place_hold(
                actor=self.world.people["compliance"], kind="contact", target_id=contact.pk, reason="案号",
                review_on=(clock.now() + timedelta(days=9)).date(),
            )  # fmt: skip

    def released(self, phone: str, contact: Contact | None) -> None:
        if hold := self.held.pop(phone, None):
            services.end_hold(actor=self.world.people["compliance"], hold=hold, reason="结案")

    def refuses(self, phone: str, contact: Contact | None) -> None:
        self.world.opt_out(phone, evidence=f"call:{phone}")
        self.refused.add(phone)
        services.write_register()

    def half_erased(self, phone: str, contact: Contact | None) -> None:
        """A purge that was killed after it wrote into the ledger and before it deleted."""
        if contact is not None and contact.expires_at <= clock.now() and phone not in self.held:
            services.begin_erasure([(contact.pk, contact.phone)])
            self.erased_at[phone] = clock.now()

    def purge(self, _phone: str, _contact: Contact | None) -> None:
        there = {phone: self.contact(phone) for phone in PHONES}
        services.purge(pause=0)
        for phone, contact in there.items():
            if contact is None:
                continue
            goes = phone not in self.held and contact.expires_at <= clock.now()
            assert (self.contact(phone) is None) == goes, phone
            if goes:
                self.erased_at[phone] = clock.now()
        assert all(
            erasure.done_at or set(erasure.contact_ids) & set(self._held_ids())
            for erasure in Erasure.objects.all()
        )

    def _held_ids(self) -> list[int | None]:
        return [hold.target_id for hold in self.held.values()]

    def is_backed_up(self, _phone: str, _contact: Contact | None) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select * from contacts_contact")
            self.backup = cursor.fetchall()

    def restore(self, _phone: str, _contact: Contact | None) -> None:
        """The people of the backup, and nobody who came since; then the ledger."""
        with connection.cursor() as cursor:
            cursor.execute("delete from campaigns_queueentry")
            cursor.execute(
                "delete from contacts_contact where not id = any(%s)", [[row[0] for row in self.backup]]
            )
            known = set(Contact.objects.values_list("pk", flat=True))
            for row in self.backup:
                if row[0] not in known:
                    cursor.execute(
                        f"insert into contacts_contact values ({', '.join(['%s'] * len(row))})", row
                    )
        restored = {phone: self.contact(phone) for phone in PHONES}
        for phone in [phone for phone, contact in restored.items() if contact is None]:
            self.held.pop(phone, None)  # of a person who came after the backup
        services.replay()
        for phone, contact in restored.items():
            if contact is None:
                continue
            gone = (
                phone in self.erased_at
                and contact.created_at <= self.erased_at[phone]
                and phone not in self.held
            )
            assert (self.contact(phone) is None) == gone, phone

    def stays_true(self) -> None:
        for phone in self.held:
            assert self.contact(phone) is not None
        hashes = {blind_index.register_hash(f"+86{phone}") for phone in self.refused}
        assert {bytes(each) for each in OptOut.objects.values_list("number_hash", flat=True)} == hashes


@pytest.mark.slow
def test_whatever_happens_deletion_holds(world: World, clock: time_machine.Traveller) -> None:
    Contact.objects.all().delete()

    @settings(
        max_examples=sized(80, 200),
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    @given(st.lists(STEPS, min_size=12, max_size=16))
    def histories(steps: list[tuple[str, int]]) -> None:
        ledger.ledger_file().unlink(missing_ok=True)
        with transaction.atomic():
            history = History(world, clock)
            for who in range(len(PHONES)):
                history.play("comes", who)
            history.play("is_backed_up", 0)
            for step, who in steps:
                history.play(step, who)
                history.stays_true()
            transaction.set_rollback(True)

    histories()
