"""Evidence leaves the organisation by two people, for whom the law names, once, encrypted, and on record (R17, R33)."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
import pyzipper
import time_machine

from apps.audit.models import AccessEvent
from apps.core.crypto import encrypted_files
from apps.core.errors import BadInput, FourEyes, NotAllowed, NotFound, WrongState
from apps.jobs.services import delete_discarded
from apps.quality import services
from apps.quality.models import Complaint, EvidencePack
from tests.world import World

from .sounds import hand_in, wav


@pytest.fixture
def complaint(world: World) -> Complaint:
    call = world.connected()
    hand_in(call, wav(60))
    services.take_transcript(
        client=None, call_id=call.pk, raw=[{"start": 0, "end": 3, "speaker": "agent", "text": "您好，我是明澜家居的客服。"}]
    )
    return services.record_complaint(actor=world.people["compliance"], channel="regulator", kind="false", text="与页面不一致", call=call)


def asked(world: World, complaint: Complaint, by: str = "compliance") -> EvidencePack:
    return services.ask_pack(actor=world.people[by], complaint=complaint, recipient="regulator", reason="工信投诉2026-17")


def test_a_pack_holds_everything_about_the_dispute_and_opens_by_its_passphrase_alone(world: World, complaint: Complaint) -> None:
    pack, passphrase = services.decide_pack(actor=world.people["compliance2"], pack=asked(world, complaint), approve=True)
    content = b"".join(services.fetch_pack(actor=world.people["compliance"], pack=pack))
    assert wav(60)[5_000:5_064] not in content
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        with pytest.raises(RuntimeError):
            archive.read("complaint.json")
        archive.setpassword(passphrase.encode())
        assert archive.read("recording.wav") == wav(60)
        assert json.loads(archive.read("complaint.json"))["text"] == "与页面不一致"
        assert json.loads(archive.read("transcript.json"))["segments"][0]["text"] == "您好，我是明澜家居的客服。"
        assert json.loads(archive.read("call.json"))["decision"]["judged_again"] == "agrees"
        assert "明澜家居" in json.loads(archive.read("script.json"))["opening"]
        manifest = json.loads(archive.read("manifest.json"))
        assert {each["name"] for each in manifest["files"]} == {
            "complaint.json", "call.json", "script.json", "transcript.json", "recording.wav"
        }  # fmt: skip
        assert all(info.flag_bits & 1 for info in archive.infolist())


def test_what_went_into_it_and_that_it_left_is_in_the_trail(world: World, complaint: Complaint) -> None:
    pack, _passphrase = services.decide_pack(actor=world.people["compliance2"], pack=asked(world, complaint), approve=True)
    services.fetch_pack(actor=world.people["compliance"], pack=pack)
    kinds = list(AccessEvent.objects.filter(actor=world.people["compliance2"]).values_list("kind", "field"))
    assert ("disclosed", "quality.complaint.text") in kinds
    assert ("disclosed", "quality.transcript.segments") in kinds
    assert ("played", "quality.recording.file") in kinds
    left = AccessEvent.objects.get(kind="exported")
    assert (left.actor, left.subject, left.purpose) == (world.people["compliance"], pack.public_id, "regulator: 工信投诉2026-17")


def test_nobody_has_both_the_file_and_the_passphrase(world: World, complaint: Complaint) -> None:
    pack = asked(world, complaint)
    with pytest.raises(FourEyes):
        services.decide_pack(actor=world.people["compliance"], pack=pack, approve=True)
    pack, _passphrase = services.decide_pack(actor=world.people["compliance2"], pack=pack, approve=True)
    with pytest.raises(NotFound):
        services.fetch_pack(actor=world.people["compliance2"], pack=pack)


def test_a_pack_is_fetched_once_and_its_file_goes(world: World, complaint: Complaint) -> None:
    pack, _passphrase = services.decide_pack(actor=world.people["compliance2"], pack=asked(world, complaint), approve=True)
    name = pack.file
    handed_out = services.fetch_pack(actor=world.people["compliance"], pack=pack)
    assert next(handed_out)
    assert encrypted_files.exists(name), "while it is on its way"
    handed_out.close()  # the connection was cut
    with pytest.raises(WrongState):
        services.fetch_pack(actor=world.people["compliance"], pack=pack)
    delete_discarded()
    assert not encrypted_files.exists(name)


def test_what_nobody_fetches_goes_after_a_week(world: World, complaint: Complaint, clock: time_machine.Traveller) -> None:
    pack, _passphrase = services.decide_pack(actor=world.people["compliance2"], pack=asked(world, complaint), approve=True)
    clock.shift(timedelta(days=7, minutes=1))
    with pytest.raises(WrongState):
        services.fetch_pack(actor=world.people["compliance"], pack=pack)
    assert services.let_packs_lapse() == 1
    delete_discarded()
    assert not encrypted_files.exists(pack.file)


def test_a_refused_pack_is_not_made(world: World, complaint: Complaint) -> None:
    pack, passphrase = services.decide_pack(actor=world.people["compliance2"], pack=asked(world, complaint), approve=False)
    assert (pack.state, pack.file, passphrase) == ("refused", "", "")
    with pytest.raises(WrongState):
        services.fetch_pack(actor=world.people["compliance"], pack=pack)


def test_who_may_ask_and_decide(world: World, complaint: Complaint) -> None:
    for name in ("agent", "admin", "supervisor2"):
        with pytest.raises(NotFound):
            asked(world, complaint, by=name)
    with pytest.raises(NotAllowed):
        services.decide_pack(actor=world.people["supervisor"], pack=asked(world, complaint), approve=True)
    with pytest.raises(NotAllowed):
        services.ask_pack(actor=world.people["compliance"], complaint=complaint, recipient="affiliate", reason="x")
    with pytest.raises(BadInput):
        services.ask_pack(actor=world.people["compliance"], complaint=complaint, recipient="court", reason=" ")


def test_the_page_shows_the_passphrase_once_and_gives_the_file(world: World, complaint: Complaint, browse: Any) -> None:
    pack = asked(world, complaint)
    answer = browse("compliance2").post(f"/packs/{pack.pk}/decide/", {"approve": "1"})
    if answer.status_code == 302:  # sudo mode asks for the password, which the people of the world have not
        services.decide_pack(actor=world.people["compliance2"], pack=pack, approve=True)
    else:
        assert answer["Cache-Control"] == "no-store"
    assert "passphrase" not in browse("compliance").get(f"/complaints/{complaint.public_id}/").content.decode()
