"""Sharing between departments: asked, approved by another, masked, on record, ended at once (R32)."""

import io
import tempfile
from datetime import timedelta
from typing import Any

import pytest
import pyzipper
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse
from python_calamine import CalamineWorkbook

from apps.audit.models import AccessEvent
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files
from apps.core.errors import BadInput, FourEyes, NotAllowed, NotFound, PersonalDataFound, WrongState
from apps.rights.ports import erasing
from apps.sharing import queries, services
from apps.sharing.models import Share
from tests.governance.assessed import approved as assessed
from tests.sharing.shares import AGREEMENT, approved, ask, look
from tests.world import PHONE, World


def test_an_approved_share_shows_masks_and_every_look_is_in_the_trail(world: World) -> None:
    share = approved(world)
    assert look(world, share) == [["王*" if world.contact.name else "", "138****1234", ""]]
    event = AccessEvent.objects.get(subject=share.public_id)
    assert (event.actor, event.kind, event.count) == (world.people["supervisor2"], "viewed", 1)
    assert encrypted_files.get(share.agreement_file) == AGREEMENT


def test_fields_come_in_one_order_and_no_others(world: World) -> None:
    share = approved(world, fields=["tags", "phone"])
    assert look(world, share) == [["138****1234", ""]]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"fields": []}, BadInput),
        ({"fields": ["note"]}, BadInput),
        ({"form": "letter"}, BadInput),
        ({"purpose": " "}, BadInput),
        ({"purpose": "查 13800001234"}, PersonalDataFound),
        ({"agreement": ""}, BadInput),
        ({"content": b"not a paper"}, BadInput),
        ({"file_name": "110101188002045240.pdf"}, PersonalDataFound),
        ({"ends_on": 91}, BadInput),
        ({"ends_on": -1}, BadInput),
        ({"is_clear": True}, NotAllowed),
    ],
)
def test_what_may_not_be_asked_for(world: World, fields: dict[str, Any], error: type[Exception]) -> None:
    if "ends_on" in fields:
        fields = {"ends_on": world.today + timedelta(days=fields["ends_on"])}
    with pytest.raises(error):
        ask(world, **fields)
    assert not Share.objects.exists()


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_agents_and_admins_share_nothing(world: World, role: str) -> None:
    with pytest.raises(NotAllowed):
        ask(world, role)


def test_two_people(world: World) -> None:
    with pytest.raises(NotAllowed):
        services.decide_share(actor=world.people["supervisor"], share=ask(world), approve=True)
    own = ask(world, "compliance")
    with pytest.raises(FourEyes):
        services.decide_share(actor=world.people["compliance"], share=own, approve=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Share.objects.filter(pk=own.pk).update(state="approved", decided_by=world.people["compliance"])
    refused = services.decide_share(
        actor=world.people["compliance2"], share=own, approve=False, reason="用途不明"
    )
    with pytest.raises(WrongState):
        services.decide_share(actor=world.people["compliance2"], share=refused, approve=True)


def test_nothing_is_shown_before_approval_to_others_or_after_the_end(world: World, clock: Any) -> None:
    asked = ask(world)
    share = approved(world)
    for found, who in ((asked, "supervisor2"), (share, "supervisor"), (share, "compliance")):
        with pytest.raises(NotFound):
            look(world, found, who)
    clock.shift(8 * 86_400)
    with pytest.raises(NotFound):
        look(world, share)
    assert services.end_due_shares() == 2
    share.refresh_from_db()
    assert share.state == "expired"


def test_a_withdrawal_ends_it_at_once(world: World) -> None:
    share = approved(world, form="file")
    share, _passphrase = services.make_file(viewer=world.people["supervisor2"], share=share)
    with pytest.raises(NotAllowed):
        services.withdraw_share(actor=world.people["supervisor"], share=share, reason="x")
    services.withdraw_share(actor=world.people["compliance"], share=share, reason="协议终止")
    for act in (
        lambda: look(world, share),
        lambda: services.fetch_file(viewer=world.people["supervisor2"], share=share),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_terms_of_a_share_never_change(world: World) -> None:
    share = approved(world)
    for change in ({"fields": ["phone"]}, {"is_clear": True}, {"ends_on": world.today + timedelta(days=80)}):
        with pytest.raises(ProgrammingError), transaction.atomic():
            Share.objects.filter(pk=share.pk).update(**change)


# -- files


def opened(content: bytes, passphrase: str, share: Share) -> list[list[Any]]:
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        assert all(info.flag_bits & 1 for info in archive.infolist())
        archive.setpassword(passphrase.encode())
        book = CalamineWorkbook.from_filelike(io.BytesIO(archive.read(f"{share.public_id}.xlsx")))
    return book.get_sheet_by_index(0).to_python()


def test_a_file_is_encrypted_marked_masked_and_fetched_once(world: World) -> None:
    viewer = world.people["supervisor2"]
    share, passphrase = services.make_file(viewer=viewer, share=approved(world, form="file"))
    content = b"".join(services.fetch_file(viewer=viewer, share=share))
    head, labels, *rows = opened(content, passphrase, share)
    assert share.public_id in head[0]
    assert "supervisor2" in head[0]
    assert len(labels) == 3
    assert rows[0][1] == "138****1234"
    with pytest.raises(NotFound):
        services.fetch_file(viewer=viewer, share=share)
    assert {event.kind for event in AccessEvent.objects.filter(subject=share.public_id)} == {
        "viewed",
        "exported",
    }


def test_nothing_of_it_lies_in_clear_on_the_disk_while_it_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **more: Any) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    share, _passphrase = services.make_file(
        viewer=world.people["supervisor2"], share=approved(world, form="file")
    )
    assert share.file


def test_compliance_alone_shares_in_clear_and_each_value_is_on_record(world: World) -> None:
    share = ask(world, "compliance", form="file", is_clear=True)
    assessed(world, share, by="compliance")
    share = services.decide_share(actor=world.people["compliance2"], share=share, approve=True)
    share, passphrase = services.make_file(viewer=world.people["compliance"], share=share)
    rows = opened(
        b"".join(services.fetch_file(viewer=world.people["compliance"], share=share)), passphrase, share
    )
    assert rows[2][1] == f"+86{PHONE}"
    assert AccessEvent.objects.filter(
        subject=share.public_id, field="contacts.contact.phone", kind="exported"
    ).exists()


def test_a_file_that_nobody_fetches_goes_within_a_day(world: World, clock: Any) -> None:
    share, _passphrase = services.make_file(
        viewer=world.people["supervisor2"], share=approved(world, form="file")
    )
    clock.shift(25 * 3600)
    services.end_due_shares()
    share.refresh_from_db()
    assert (share.file, share.state) == ("", "approved")


def test_who_is_erased_is_in_no_file_that_waits(world: World) -> None:
    share, _passphrase = services.make_file(
        viewer=world.people["supervisor2"], share=approved(world, form="file")
    )
    stores = erasing.provider.erase(
        number_index=bytes(world.contact.number_index), phone=world.contact.phone, reason="test"
    )
    assert {store.code: store.goes for store in stores}["exports"] == 1
    share.refresh_from_db()
    assert share.file == ""
    assert look(world, approved(world)) == []


def test_the_page_bears_the_watermark(world: World, browse: Any) -> None:
    share = approved(world)
    text = browse("supervisor2").get(reverse("share_look", kwargs={"pk": share.pk})).content.decode()
    assert f"supervisor2 · {share.public_id}" in text
    assert "138****1234" in text
    assert PHONE not in text
    assert text.count("supervisor2 · ") == 1
    for number in range(20):
        world.add_contact(f"1390000{number:04}")
    text = browse("supervisor2").get(reverse("share_look", kwargs={"pk": share.pk})).content.decode()
    assert text.count("supervisor2 · ") == 3, "in every picture of a part of the page"


def test_somebody_deleted_while_the_file_is_made_is_not_in_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = approved(world, form="file")
    real = services.streams.put

    def put(*args: Any, **named: Any) -> str:
        made = real(*args, **named)
        world.contact.erasing_at = clock.now()
        world.contact.save(update_fields=["erasing_at"])
        return made

    before = set(encrypted_files.names())
    monkeypatch.setattr(services.streams, "put", put)
    with pytest.raises(WrongState):
        services.make_file(viewer=world.people["supervisor2"], share=share)
    share.refresh_from_db()
    assert share.file == ""
    assert set(encrypted_files.names()) == before


def test_fetching_a_file_counts_the_people_in_it(world: World) -> None:
    world.add_contact("13900000009")
    share, _passphrase = services.make_file(
        viewer=world.people["supervisor2"], share=approved(world, form="file")
    )
    b"".join(services.fetch_file(viewer=world.people["supervisor2"], share=share))
    assert (
        AccessEvent.objects.get(kind="exported", subject=share.public_id, field="").count
        == queries.entries_of(share).count()
        == 2
    )
