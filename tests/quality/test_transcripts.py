"""What was said: taken in order, encrypted, without ID numbers, and held against the rules and the clock (R1,
R16, R28)."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from apps.quality import services
from apps.quality.models import Transcript
from apps.quality.rules import examining
from apps.quality.rules.examining import Segment
from apps.scripts.checking import shipped
from tests.http import Api, problem
from tests.world import COMPANY, World

from .sounds import hand_in

GOOD = [
    (0.5, 1.2, "client", "喂，哪位？"),
    (1.4, 4.0, "agent", f"您好，我是{COMPANY}的客服。"),
    (4.2, 7.0, "agent", "来电是向您介绍会员续费。"),
    (7.5, 8.5, "client", "您说。"),
    (9.0, 12.0, "agent", "续费一年可以享受九折。"),
    (12.5, 16.0, "agent", "如不想再接到来电，请按9。"),
]


def segments(*rows: tuple[float, float, str, str]) -> dict[str, Any]:
    return {"segments": [dict(zip(("start", "end", "speaker", "text"), row, strict=True)) for row in rows]}


@pytest.fixture
def api(world: World) -> Api:
    return Api(world.key)


def test_a_transcript_is_encrypted_and_examined(world: World, api: Api) -> None:
    call = world.connected()
    answer = api.post(f"calls/{call.public_id}/transcript", segments(*GOOD))
    assert answer.status_code == 201
    assert answer.json() == {"call": call.public_id, "segments": 6, "findings": 0, "removed_numbers": 0}
    kept = Transcript.objects.get()
    assert (kept.checks["identity"], kept.checks["purpose"], kept.checks["way_out"]) == (True, True, True)
    assert str(kept.segments) != ""
    assert "会员" not in str(kept.segments)
    with connection.cursor() as cursor:
        cursor.execute("select segments from quality_transcript")
        assert "会员".encode() not in bytes(cursor.fetchone()[0])


def test_the_same_again_is_one_and_another_is_refused(world: World, api: Api) -> None:
    call = world.connected()
    path = f"calls/{call.public_id}/transcript"
    assert [api.post(path, segments(*GOOD)).status_code for _time in range(2)] == [201, 200]
    assert problem(api.post(path, segments(*GOOD[:3]))) == (409, "another_transcript")
    assert Transcript.objects.get().count == 6


WRONG = {
    "out of order": (segments((5, 6, "agent", "b"), (1, 2, "agent", "a")), "Segment 2 starts before"),
    "ends before it starts": (segments((5, 4, "agent", "a")), "Segment 1: it ends before"),
    "control character": (segments((0, 1, "agent", "a\x07")), "without control characters"),
    "spaces alone": (segments((0, 1, "agent", "  ")), "1 to 2000 characters"),
    "unknown speaker": (segments((0, 1, "robot", "a")), "agent"),
    "nothing": ({"segments": []}, "1"),
    "beyond four hours": (segments((0, 99_999, "agent", "a")), "14400"),
    "no number": ({"segments": [{"start": "x", "end": 1, "speaker": "agent", "text": "a"}]}, "number"),
    "too many": (segments(*[(0, 1, "agent", "a")] * 5_001), "5000"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_transcript_is_refused_with_its_place(world: World, name: str) -> None:
    body, words = WRONG[name]
    call = world.connected()
    api = Api(world.key)
    answer = api.client.post(
        f"/api/v1/calls/{call.public_id}/transcript",
        body,
        content_type="application/json",
        headers={"accept-language": "en"},
    )
    assert problem(answer) == (422, "bad_input")
    assert words in answer.json()["detail"]
    assert not Transcript.objects.exists()


def test_id_and_card_numbers_are_taken_out_and_the_rest_is_kept(world: World, api: Api) -> None:
    call = world.connected()
    said = "我的身份证是11010519491231002X，卡号6222020200112230，订单202603150000001234。"
    answer = api.post(f"calls/{call.public_id}/transcript", segments((0, 9, "client", said)))
    assert answer.json()["removed_numbers"] == 2
    kept = Transcript.objects.get()
    from apps.core.privacy.protected import clear_for_machine

    clear = clear_for_machine(kept.segments)
    assert "11010519491231002" not in clear
    assert "6222020200112230" not in clear
    assert "202603150000001234" in clear


def test_what_may_not_be_said_is_found_with_its_time(world: World, api: Api) -> None:
    call = world.connected()
    api.post(
        f"calls/{call.public_id}/transcript", segments(*GOOD, (20, 24, "agent", "请您把短信验证码告诉我。"))
    )
    kept = Transcript.objects.get()
    assert kept.worst == "blocking"
    (finding,) = kept.findings
    assert (finding["code"], finding["segment"]) == ("asks_secret", 6)
    assert 20_000 <= finding["at"] < 24_000


def test_a_promise_that_is_cut_in_two_is_found() -> None:
    segments = [Segment(0, 1_000, "agent", "这款产品保本"), Segment(1_000, 2_000, "agent", "保息，放心")]
    (found,) = [
        each
        for each in examining.find(segments, kind="marketing", trade="finance", pack=shipped())
        if each.code == "guaranteed_return"
    ]
    assert found.segment == 0
    assert segments[0].text[found.start : found.end].endswith("保本")


def test_what_the_client_says_is_not_the_agents_fault() -> None:
    segments = [
        Segment(0, 1_000, "client", "你们保本保息吗？"),
        Segment(1_000, 2_000, "agent", "不保证收益。"),
    ]
    assert examining.find(segments, kind="marketing", trade="finance", pack=shipped()) == []


@pytest.mark.parametrize(("at", "says"), [(1_000, True), (20_900, True), (21_100, False)])
def test_the_company_is_said_within_twenty_seconds(at: int, says: bool) -> None:
    segments = [
        Segment(1_000, 1_500, "agent", "喂，您好。"),
        Segment(at, at + 2_000, "agent", f"我是{COMPANY}的客服。"),
    ]
    assert examining.examine(segments, kind="marketing", pack=shipped(), company=COMPANY)["identity"] is says


def test_an_agent_who_says_nothing_has_said_nothing() -> None:
    checks = examining.examine(
        [Segment(0, 1_000, "client", "喂？")], kind="marketing", pack=shipped(), company=COMPANY
    )
    assert (checks["identity"], checks["purpose"], checks["way_out"]) == (False, False, False)
    assert checks["agent_percent"] == 0


def test_an_interruption_is_when_both_speak_and_the_agent_began_later() -> None:
    def count(*segments: Segment) -> int:
        return len(list(examining.interruptions(segments)))

    client = Segment(0, 5_000, "client", "我想问一下")
    assert count(client, Segment(2_000, 4_000, "agent", "您听我说")) == 1
    assert count(client, Segment(4_500, 6_000, "agent", "好")) == 0  # half a second
    assert count(client, Segment(5_000, 6_000, "agent", "好")) == 0
    assert count(Segment(0, 5_000, "agent", "说明"), Segment(2_000, 4_000, "client", "等等")) == 0


def test_a_transcript_is_read_for_a_purpose_by_who_may_and_recorded(world: World, browse: Any) -> None:
    from apps.audit.models import AccessEvent

    call = world.connected()
    kept = hand_in(call)
    services.take_transcript(client=None, call_id=call.pk, raw=segments(*GOOD)["segments"])
    supervisor = browse("supervisor")
    assert "续费一年" not in supervisor.get(f"/recordings/{kept.public_id}/").content.decode()
    address = supervisor.post(f"/recordings/{kept.public_id}/play/", {"purpose": "optimisation"}).headers[
        "Location"
    ]
    assert "续费一年" in supervisor.get(address).content.decode()
    event = AccessEvent.objects.get(kind="disclosed")
    assert (event.field, event.actor) == ("quality.transcript.segments", world.people["supervisor"])
    assert event.purpose.startswith("optimisation")


def test_agents_read_no_transcript(world: World, browse: Any) -> None:
    from .test_reviews import judged

    call = world.connected()
    kept = hand_in(call)
    services.take_transcript(client=None, call_id=call.pk, raw=segments(*GOOD)["segments"])
    judged(world, call)
    agent = browse("agent")
    address = agent.post(f"/recordings/{kept.public_id}/play/", {"purpose": "quality"}).headers["Location"]
    answer = agent.get(address)
    assert answer.status_code == 200
    assert "续费一年" not in answer.content.decode()


def test_a_rule_written_since_is_held_to_what_was_said_before(world: World) -> None:
    from apps.scripts import services as scripts
    from tests.scripts.rules import rule_of

    call = world.connected()
    kept, _new = services.take_transcript(
        client=None, call_id=call.pk, raw=segments(*GOOD, (30, 31, "agent", "家人们，再见"))["segments"]
    )
    assert kept.worst == ""
    rule = scripts.write_rule(
        actor=world.people["compliance2"], code="too_familiar", rule=rule_of(), reason="x"
    )
    scripts.approve_rule(actor=world.people["compliance"], version=rule)
    services.examine_again(kept)
    kept.refresh_from_db()
    assert [each["code"] for each in kept.findings] == ["too_familiar"]


def upload(browser: Any, public_id: str, content: bytes) -> str:
    file = SimpleUploadedFile("transcript.json", content)
    answer = browser.post(
        f"/recordings/{public_id}/transcript/", {"file": file}, follow=True, headers={"accept-language": "en"}
    )
    return str(answer.content.decode())


def test_a_transcript_may_be_handed_in_on_the_page(world: World, browse: Any) -> None:
    kept = hand_in(world.connected())
    upload(browse("supervisor"), kept.public_id, json.dumps(segments(*GOOD)).encode())
    stored = Transcript.objects.get()
    assert (stored.count, stored.source) == (6, f"upload:{world.people['supervisor'].pk}")


SEGMENT = '{"segments": [{"start": %s, "end": 1, "speaker": "agent", "text": "x"}]}'
NO_TRANSCRIPTS = [
    "",
    "no JSON",
    "[]",
    "{}",
    '{"segments": 5}',
    '{"segments": [{"start": 0}]}',
    SEGMENT % "NaN",
    SEGMENT % "1e999",
    "[" * 100_000,
]


@pytest.mark.parametrize("content", [*(each.encode() for each in NO_TRANSCRIPTS), b"\xff\xfe\x00"])
def test_a_file_that_is_no_transcript_is_refused(world: World, browse: Any, content: bytes) -> None:
    kept = hand_in(world.connected())
    assert "alert-danger" in upload(browse("supervisor"), kept.public_id, content)
    assert not Transcript.objects.exists()


class Hears:
    """An adapter as `quality.speech` describes it."""

    def transcribe(self, audio: Any, media: str) -> list[Segment]:
        assert media == "wav"
        assert audio.read(4) == b"RIFF"
        return [Segment(0, 2_000, "agent", f"您好，我是{COMPANY}的客服。")]


def test_an_adapter_hears_what_came_without_a_transcript(world: World, settings: Any) -> None:
    settings.HEGUI_SPEECH_TO_TEXT = "tests.quality.test_transcripts.Hears"
    hand_in(world.connected())
    services.transcribe_due()
    kept = Transcript.objects.get()
    assert (kept.count, kept.source) == (1, "tests.quality.test_transcripts.Hears"[:40])
