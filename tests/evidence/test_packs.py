"""Evidence leaves the organisation by two people, for whom the law names, once, encrypted, and on record
(R17, R33)."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
import pyzipper
import time_machine
from django.urls import reverse

from apps.audit.models import AccessEvent
from apps.core.crypto import encrypted_files
from apps.core.errors import BadInput, FourEyes, NotAllowed, NotFound, WrongState
from apps.evidence import services
from apps.jobs.services import delete_discarded
from apps.quality.models import Complaint, EvidencePack
from apps.quality.services import drop_packs_of, record_complaint, take_transcript
from tests.quality.sounds import hand_in, wav
from tests.world import World


@pytest.fixture
def complaint(world: World) -> Complaint:
    call = world.connected()
    hand_in(call, wav(60))
    take_transcript(
        client=None,
        call_id=call.pk,
        raw=[{"start": 0, "end": 3, "speaker": "agent", "text": "您好，我是明澜家居的客服。"}],
    )
    return record_complaint(
        actor=world.people["compliance"], channel="regulator", kind="false", text="与页面不一致", call=call
    )


def asked(world: World, complaint: Complaint, by: str = "compliance") -> EvidencePack:
    return services.ask_pack(
        actor=world.people[by], about=complaint.public_id, recipient="regulator", reason="工信投诉2026-17"
    )[0]


def made(world: World, complaint: Complaint) -> tuple[EvidencePack, str]:
    """Approved, and made by the worker."""
    pack, passphrase = services.decide_pack(
        actor=world.people["compliance2"], pack=asked(world, complaint), approve=True
    )
    services.make_pack(pack.job_id)
    return EvidencePack.objects.get(pk=pack.pk), passphrase


def test_a_pack_holds_everything_about_the_dispute_and_opens_by_its_passphrase_alone(
    world: World, complaint: Complaint
) -> None:
    pack, passphrase = made(world, complaint)
    content = b"".join(services.fetch_pack(actor=world.people["compliance"], pack=pack))
    assert wav(60)[5_000:5_064] not in content
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        with pytest.raises(RuntimeError):
            archive.read("complaint.json")
        archive.setpassword(passphrase.encode())
        names = archive.namelist()
        call = complaint.call.public_id if complaint.call else ""
        assert archive.read(f"recordings/{call}.wav") == wav(60)
        assert json.loads(archive.read("complaint.json"))["text"] == "与页面不一致"
        assert (
            json.loads(archive.read(f"transcripts/{call}.json"))["segments"][0]["text"]
            == "您好，我是明澜家居的客服。"
        )
        assert json.loads(archive.read("decisions.jsonl"))["judged_again"] == "agrees"
        assert "明澜家居" in json.loads(archive.read("scripts.jsonl"))["opening"]
        assert json.loads(archive.read("person.json"))["phone"].endswith("13800001234")
        manifest = json.loads(archive.read("manifest.json"))
        assert {each["name"] for each in manifest["files"]} | {"manifest.json", "signature.json"} == set(
            names
        )
        assert all(info.flag_bits & 1 for info in archive.infolist())


def test_what_went_into_it_and_that_it_left_is_in_the_trail(world: World, complaint: Complaint) -> None:
    pack, _passphrase = made(world, complaint)
    services.fetch_pack(actor=world.people["compliance"], pack=pack)
    kinds = list(AccessEvent.objects.filter(actor=world.people["compliance2"]).values_list("kind", "field"))
    assert ("exported", "quality.complaint.text") in kinds
    assert ("exported", "quality.transcript.segments") in kinds
    assert ("played", "quality.recording.file") in kinds
    left = AccessEvent.objects.get(kind="exported", field="")
    assert (left.actor, left.subject, left.purpose) == (
        world.people["compliance"],
        pack.public_id,
        "regulator: 工信投诉2026-17",
    )


def test_nobody_has_both_the_file_and_the_passphrase(world: World, complaint: Complaint) -> None:
    pack = asked(world, complaint)
    with pytest.raises(FourEyes):
        services.decide_pack(actor=world.people["compliance"], pack=pack, approve=True)
    pack, _passphrase = services.decide_pack(actor=world.people["compliance2"], pack=pack, approve=True)
    with pytest.raises(NotFound):
        services.fetch_pack(actor=world.people["compliance2"], pack=pack)


def test_a_pack_is_fetched_once_and_its_file_goes(world: World, complaint: Complaint) -> None:
    pack, _passphrase = made(world, complaint)
    name = pack.file
    handed_out = services.fetch_pack(actor=world.people["compliance"], pack=pack)
    assert next(handed_out)
    assert encrypted_files.exists(name), "while it is on its way"
    handed_out.close()  # the connection was cut
    with pytest.raises(WrongState):
        services.fetch_pack(actor=world.people["compliance"], pack=pack)
    delete_discarded()
    assert not encrypted_files.exists(name)


def test_what_nobody_fetches_goes_after_a_week(
    world: World, complaint: Complaint, clock: time_machine.Traveller
) -> None:
    pack, _passphrase = made(world, complaint)
    clock.shift(timedelta(days=7, minutes=1))
    with pytest.raises(WrongState):
        services.fetch_pack(actor=world.people["compliance"], pack=pack)
    assert services.let_packs_lapse() == 1
    delete_discarded()
    assert not encrypted_files.exists(pack.file)


def test_a_refused_pack_is_not_made(world: World, complaint: Complaint) -> None:
    pack, passphrase = services.decide_pack(
        actor=world.people["compliance2"], pack=asked(world, complaint), approve=False
    )
    assert (pack.state, pack.file, passphrase) == ("refused", "", "")
    with pytest.raises(WrongState):
        services.fetch_pack(actor=world.people["compliance"], pack=pack)


def test_who_may_ask_and_decide(world: World, complaint: Complaint) -> None:
    for name in ("agent", "admin", "supervisor2"):
        with pytest.raises(NotFound):
            asked(world, complaint, by=name)
    with pytest.raises(NotAllowed):
        services.decide_pack(actor=world.people["supervisor"], pack=asked(world, complaint), approve=True)
    about = complaint.public_id
    with pytest.raises(NotAllowed):
        services.ask_pack(actor=world.people["compliance"], about=about, recipient="affiliate", reason="x")
    with pytest.raises(BadInput):
        services.ask_pack(actor=world.people["compliance"], about=about, recipient="court", reason=" ")


def test_what_is_not_of_a_complaint_is_for_compliance(world: World) -> None:
    for name in ("agent", "supervisor", "admin"):
        with pytest.raises(NotAllowed):
            services.ask_pack(
                actor=world.people[name], about=world.contact.public_id, recipient="client", reason="x"
            )
        with pytest.raises(NotAllowed):
            services.ask_pack(
                actor=world.people[name], since=world.today, until=world.today, recipient="client", reason="x"
            )
    for about in ("ct_zzzz", "sc_1", "x"):
        with pytest.raises(NotFound):
            services.ask_pack(actor=world.people["compliance"], about=about, recipient="client", reason="x")
    with pytest.raises(BadInput):
        services.ask_pack(actor=world.people["compliance"], recipient="client", reason="x")
    with pytest.raises(BadInput):
        services.ask_pack(
            actor=world.people["compliance"],
            about=world.campaign.public_id,
            recipient="court",
            reason="x",
            in_clear=True,
        )
    assert not EvidencePack.objects.exists()


def test_of_an_erased_person_nothing_is_made_and_nothing_waits(world: World, complaint: Complaint) -> None:
    waiting, _passphrase = made(world, complaint)
    going, _passphrase = services.decide_pack(
        actor=world.people["compliance2"], pack=asked(world, complaint), approve=True
    )
    asked(world, complaint)  # nobody has decided about this one
    assert drop_packs_of(bytes(world.contact.number_index)) == 3
    services.make_pack(going.job_id)
    assert set(EvidencePack.objects.values_list("state", "file", "passphrase")) == {("lapsed", "", None)}
    delete_discarded()
    assert not encrypted_files.exists(waiting.file)


def test_the_page_shows_the_passphrase_once_and_gives_the_file(
    world: World, complaint: Complaint, browse: Any
) -> None:
    pack = asked(world, complaint)
    answer = browse("compliance2").post(reverse("evidence_decide", kwargs={"pk": pack.pk}), {"approve": "1"})
    if answer.status_code == 302:  # sudo mode asks for the password, which the people of the world have not
        services.decide_pack(actor=world.people["compliance2"], pack=pack, approve=True)
    else:
        assert answer["Cache-Control"] == "no-store"
    for address in (f"/complaints/{complaint.public_id}/", f"/evidence/{pack.public_id}/", "/evidence/"):
        page = browse("compliance").get(address)
        assert page.status_code == 200
        assert "passphrase" not in page.content.decode()
    assert browse("admin").get(reverse("evidence_verifier")).content.startswith(b"#!/usr/bin/env python3")


def test_what_nobody_decides_ends_after_a_month(
    world: World, complaint: Complaint, clock: time_machine.Traveller
) -> None:
    pack = asked(world, complaint)
    clock.shift(timedelta(days=31))
    assert services.let_packs_lapse() == 1
    pack.refresh_from_db()
    assert pack.state == EvidencePack.State.LAPSED


def test_a_pack_is_about_a_thing_or_about_a_period(world: World) -> None:
    with pytest.raises(BadInput):
        services.ask_pack(
            actor=world.people["compliance"], about=world.campaign.public_id, recipient="regulator",
            reason="x", since=world.today, until=world.today,
        )  # fmt: skip
