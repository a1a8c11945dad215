"""Speech to text inside the house: utterances by channel, sherpa-onnx with models made here, a queue of its
own, tries that end."""

import io
import struct
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured

from apps.quality import services, sherpa
from apps.quality.checks import adapter_can_be_made
from apps.quality.models import Recording, Transcript
from apps.quality.rules.examining import Segment
from apps.quality.utterances import utterances
from tests.world import World

from .sounds import RATE, hand_in, wav
from .tone_models import HIGH, LOW, paraformer, sense_voice


def tones(seconds: float, *spans: tuple[float, float, int]) -> np.ndarray:
    """One channel: silence, but for tones of so many Hz from one second to another."""
    at = np.arange(int(seconds * RATE)) / RATE
    sides = [
        np.where((at >= start) & (at < end), np.sin(2 * np.pi * pitch * at), 0) for start, end, pitch in spans
    ]
    return (sum(sides, np.zeros_like(at)) * 8_000).astype("<i2")


def stereo(left: np.ndarray, right: np.ndarray) -> bytes:
    body = np.stack([left, right], axis=1).tobytes()
    about = struct.pack("<IHHIIHH", 16, 1, 2, RATE, 4 * RATE, 4, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(body))
        + b"WAVEfmt "
        + about
        + b"data"
        + struct.pack("<I", len(body))
        + body
    )


TALK = stereo(tones(60, (1, 3, LOW), (7, 8, HIGH)), tones(60, (4, 5.5, HIGH)))


def spans(content: bytes, media: str = "wav") -> list[tuple[int, int, int]]:
    return [(each.channel, each.start, each.end) for each in utterances(io.BytesIO(content), media)]


def test_utterances_are_cut_at_pauses_in_each_channel() -> None:
    found = sorted(spans(TALK), key=lambda each: each[1])
    assert [channel for channel, _start, _end in found] == [0, 1, 0]
    for (_channel, start, end), (begun, ended) in zip(
        found, [(1_000, 3_000), (4_000, 5_500), (7_000, 8_000)], strict=True
    ):
        assert begun - 220 <= start <= begun
        assert ended <= end <= ended + 260


def test_one_who_does_not_stop_is_cut_and_nothing_is_lost() -> None:
    content = wav(70, quiet=(30.0, 30.3))
    found = list(utterances(io.BytesIO(content), "wav"))
    assert [each.start for each in found[1:]] == [each.end for each in found[:-1]]
    assert found[0].start == 0
    assert found[-1].end == 70_000
    assert all(each.end - each.start <= 20_000 for each in found)
    assert sum(len(each.samples) for each in found) == 70 * 16_000
    assert any(30_000 <= each.end <= 30_300 for each in found)  # at the quietest place


def test_a_click_is_nobody_who_speaks() -> None:
    quiet = tones(60, (10, 10.02, LOW))
    assert spans(stereo(quiet, tones(60))) == []


@pytest.fixture
def model(tmp_path: Path, settings: Any) -> Path:
    settings.HEGUI_SPEECH_TO_TEXT, settings.HEGUI_SPEECH_MODEL = (
        "apps.quality.sherpa.SherpaOnnx",
        str(sense_voice(tmp_path / "tones")),
    )
    sherpa._recogniser.cache_clear()
    return tmp_path


@pytest.mark.parametrize(
    ("make", "said"), [(sense_voice, ["好", "打", "打"]), (paraformer, ["好", "打", "打"])]
)
def test_both_kinds_of_model_hear_two_channels_as_two_speakers(
    model: Path, settings: Any, make: Any, said: list[str]
) -> None:
    settings.HEGUI_SPEECH_MODEL = str(make(model / "of_its_kind"))
    heard = sherpa.SherpaOnnx().transcribe(io.BytesIO(TALK), "wav")
    assert [each.text for each in heard] == said
    assert [each.speaker for each in heard] == ["agent", "client", "agent"]
    assert [each.start // 1000 for each in heard] in ([0, 3, 6], [1, 4, 7])
    settings.HEGUI_SPEECH_AGENT_CHANNEL = "right"
    assert [each.speaker for each in sherpa.SherpaOnnx().transcribe(io.BytesIO(TALK), "wav")] == [
        "client",
        "agent",
        "client",
    ]


def test_of_one_channel_nobody_is_named(model: Path) -> None:
    both = tones(60, (1, 3, LOW))
    for content in (stereo(both, both), stereo(both, -both), wav(60)):
        heard = sherpa.SherpaOnnx().transcribe(io.BytesIO(content), "wav")
        assert {each.speaker for each in heard} == {"unknown"}
        assert heard[0].text.startswith("好")


def test_what_is_no_model_is_named_and_given_to_no_library(model: Path, settings: Any) -> None:
    settings.HEGUI_SPEECH_MODEL = str(model)
    (error,) = adapter_can_be_made(None)
    assert "tokens.txt" in error.msg
    (model / "tokens.txt").write_text("")
    (model / "model.onnx").write_bytes(b"neither")
    with pytest.raises(ImproperlyConfigured, match="SenseVoice"):
        sherpa.read_model(model)
    settings.HEGUI_SPEECH_TO_TEXT = "no.such.Adapter"
    assert "no.such" in adapter_can_be_made(None)[0].msg
    settings.HEGUI_SPEECH_TO_TEXT = ""
    assert adapter_can_be_made(None) == []


def test_a_recording_is_transcribed_by_the_queue_and_examined(world: World, model: Path) -> None:
    kept = hand_in(world.connected(), TALK)
    assert kept.transcribe_at is not None
    assert services.transcribe_due() == 1
    stored = Transcript.objects.get()
    assert (stored.count, stored.source) == (3, "apps.quality.sherpa.SherpaOnnx")
    assert stored.checks["identity"] is False  # it hears 好 alone
    assert services.transcribe_due() == 0


class Fails:
    def transcribe(self, audio: Any, media: str) -> list[Segment]:
        raise RuntimeError("no such device")


class HearsNothing:
    def transcribe(self, audio: Any, media: str) -> list[Segment]:
        return []


def test_an_adapter_that_fails_is_asked_three_times_and_no_other_recording_waits(
    world: World, settings: Any, clock: time_machine.Traveller
) -> None:
    settings.HEGUI_SPEECH_TO_TEXT = "tests.quality.test_speech.Fails"
    world.add_contact("13800001288")
    first, second = hand_in(world.connected()), hand_in(world.connected(phone="13800001288"))
    for _hour in range(3):
        for _recording in (first, second):
            with pytest.raises(RuntimeError):
                services.transcribe_due()
        assert services.transcribe_due() == 0  # not before the lease is over
        clock.shift(timedelta(hours=3, minutes=1))
    assert services.transcribe_due() == 0
    assert not Recording.objects.filter(transcribe_at__isnull=False).exists()
    assert set(Recording.objects.values_list("transcribe_tries", flat=True)) == {3}


def test_a_recording_without_words_is_not_heard_again(world: World, settings: Any) -> None:
    settings.HEGUI_SPEECH_TO_TEXT = "tests.quality.test_speech.HearsNothing"
    hand_in(world.connected())
    assert (services.transcribe_due(), services.transcribe_due()) == (1, 0)


def test_without_an_adapter_nothing_waits(world: World) -> None:
    assert hand_in(world.connected()).transcribe_at is None


def test_a_transcript_that_came_meanwhile_stays(world: World, model: Path) -> None:
    call = world.connected()
    kept = hand_in(call, TALK)
    services.take_transcript(
        client=None, call_id=call.pk, raw=[{"start": 0, "end": 1, "speaker": "agent", "text": "您好"}]
    )
    assert services.transcribe_due() == 1
    assert Transcript.objects.get().count == 1
    kept.refresh_from_db()
    assert kept.transcribe_at is None
