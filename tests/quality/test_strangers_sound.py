"""What real telephone systems write: taken, or refused by naming what it is and how to convert it."""

import io
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import av
import numpy as np
import pytest
from django.urls import reverse

from apps.calls import rules
from apps.calls.models import Call
from apps.quality import services, sound
from apps.quality.models import Recording
from apps.quality.services import measuring_sound
from tests.http import Api, problem
from tests.quality.sounds import RATE, coded, hand_in, samples, wav
from tests.world import OTHER_PHONE, World


@pytest.fixture
def api(world: World) -> Api:
    return Api(world.key)


def measured(content: bytes) -> sound.Measured:
    media = sound.kind_of(content[: sound.HEAD])
    sound.probe(io.BytesIO(content), media)
    return sound.measure(io.BytesIO(content), media)


def sized(content: bytes, riff: int, data: int) -> bytes:
    """The WAV with other sizes in its head."""
    return content[:4] + struct.pack("<I", riff) + content[8:40] + struct.pack("<I", data) + content[44:]


@pytest.mark.parametrize(
    ("riff", "data"),
    [
        (0x7FFFF024, 0x7FFFF000),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0, 0),
        (0x80000024, 0x80000000),
        (0x7FFFFFFF, 0x7FFFFFDB),
    ],
)
def test_sizes_that_a_pipe_did_not_know(riff: int, data: int) -> None:
    found = measured(sized(wav(60), riff, data))
    assert (found.duration_ms, found.is_whole) == (60_000, True)


def test_a_wav_that_is_shorter_than_it_says_is_damaged() -> None:
    assert not measured(wav(60)[: -20 * RATE]).is_whole


def pages(content: bytes) -> list[bytes]:
    starts, at = [], 0
    while (at := content.find(b"OggS", at)) >= 0:
        starts.append(at)
        at += 4
    return [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]


def test_an_ogg_that_does_not_say_where_it_ends_is_whole() -> None:
    content = coded("ogg", "libopus", 48_000)
    last = content.rfind(b"OggS")
    found = measured(content[: last + 5] + bytes([content[last + 5] & ~4]) + content[last + 6 :])
    assert (round(found.duration_ms / 1000), found.is_whole) == (60, True)
    assert not measured(content[:-700]).is_whole


def test_joined_mp3s_are_as_long_as_both() -> None:
    one = coded("mp3", "libmp3lame", RATE)
    found = measured(one + one)
    assert (round(found.duration_ms / 1000), found.is_whole) == (120, True)
    tagged = measured(one + b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + one)
    assert (round(tagged.duration_ms / 1000), tagged.is_whole) == (120, True)


def stereo(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> bytes:
    body = np.stack([left, right], axis=1).astype("<i2").tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(body),
        b"WAVE",
        b"fmt ",
        16,
        1,
        2,
        RATE,
        4 * RATE,
        4,
        16,
        b"data",
        len(body),
    )
    return head + body


def test_out_of_phase_stereo_is_not_silent_and_one_side() -> None:
    tone = np.frombuffer(samples(10), "<i2").astype(np.int32)
    found = measured(stereo(tone, -tone))
    assert not found.is_silent
    assert found.channels == ()


def test_two_sides_are_measured_each() -> None:
    agent = np.frombuffer(samples(60, quiet=(20, 40)), "<i2")
    client = np.frombuffer(samples(60, pitch=500, quiet=(0, 15)), "<i2")
    found = measured(stereo(agent, client))
    assert [side.silences for side in found.channels] == [[(20_000, 40_000)], [(0, 15_000)]]
    assert [side.spoke_ms for side in found.channels] == [40_000, 45_000]
    assert found.together_ms == 25_000
    assert found.silences == []


def test_both_sides_are_stored_and_shown(world: World, browse: Any) -> None:
    agent, client = (
        np.frombuffer(samples(60, quiet=(0, 30)), "<i2"),
        np.frombuffer(samples(60, quiet=(30, 60)), "<i2"),
    )
    recording = hand_in(world.connected(), stereo(agent, client))
    assert recording.by_channel["spoke_ms"] == [30_000, 30_000]
    assert recording.by_channel["together_ms"] == 0
    assert len(bytes(recording.channel_peaks or b"")) == 2 * len(bytes(recording.peaks or b""))
    supervisor = browse("supervisor")
    opened = supervisor.post(f"/recordings/{recording.public_id}/play/", {"purpose": "quality"}).headers[
        "Location"
    ]
    page = supervisor.get(opened, headers={"accept-language": "en"}).content.decode()
    assert page.count("speaks 0:30, silent for 3 seconds or more 0:30") == 2
    assert "both at once 0:00" in page


def in_wav(tag: int, block: int, bits: int, extra: bytes, body: bytes, rate: int = RATE) -> bytes:
    fmt = (
        struct.pack(
            "<HHIIHHH",
            tag,
            1,
            rate,
            rate * block // max(1, 8 * block // max(1, bits)),
            block,
            bits,
            len(extra),
        )
        + extra
    )
    fact = struct.pack("<4sII", b"fact", 4, 60 * rate)
    chunks = (
        struct.pack("<4sI", b"fmt ", len(fmt)) + fmt + fact + struct.pack("<4sI", b"data", len(body)) + body
    )
    return struct.pack("<4sI4s", b"RIFF", 4 + len(chunks), b"WAVE") + chunks


GSM = in_wav(
    0x31, 65, 0, struct.pack("<H", 320), bytes([0xD0]) + bytes(64) * 1 + (bytes([0xD0]) + bytes(64)) * 100
)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (GSM, "GSM 06.10"),
        (coded("wav", "adpcm_ms", RATE, 5), "Microsoft ADPCM"),
        (coded("wav", "adpcm_ima_wav", RATE, 5), "IMA ADPCM"),
        (b"#!AMR\n" + bytes(500), "AMR"),
        (b".snd" + bytes(500), "AU"),
        (b"FORM\x00\x00\x10\x00AIFF" + bytes(500), "AIFF"),
    ],
)
def test_what_browsers_cannot_play_is_refused_by_name_with_the_command_that_converts_it(
    content: bytes, what: str
) -> None:
    with pytest.raises(sound.CannotBePlayed) as refused:
        measured(content)
    assert what in str(refused.value)
    assert "ffmpeg -i" in str(refused.value)


@pytest.mark.parametrize(
    ("container", "codec", "rate", "what"),
    [("wav", "g722", 16_000, "G.722"), ("wav", "aac", 16_000, "AAC"), ("ogg", "flac", 8_000, "FLAC"),
    ("mp4", "libopus", 48_000, "Opus"),
     ("mov", "pcm_s16le", 8_000, "PCM"), ("wav", "mp2", 16_000, "MP2")],
)  # fmt: skip
def test_whatever_else_ffmpeg_reads_is_named(container: str, codec: str, rate: int, what: str) -> None:
    content = coded(container, codec, rate, 5)
    with pytest.raises(sound.NoSound) as refused:
        measured(content)
    assert what in str(refused.value) or "identified" in str(refused.value)
    assert "ffmpeg -i" in str(refused.value)


def test_the_command_that_is_printed_does_not_write_over_what_it_reads() -> None:
    words = sound.CONVERSION.format("recording.wav").split()
    assert words[words.index("-i") + 1] != words[-1]


def test_aac_behind_a_tag_is_aac() -> None:
    content = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + coded("adts", "aac", 16_000)
    assert sound.kind_of(content[: sound.HEAD]) == "aac"
    found = measured(content)
    assert (round(found.duration_ms / 1000), found.is_whole) == (60, True)


def test_a_second_recording_behind_the_first_is_not_passed_over() -> None:
    assert measured(wav()).is_whole
    assert not measured(wav() + wav(pitch=500)).is_whole


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (wav()[:44], sound.SoundDamaged),  # a transfer that broke off: its head says that there is more
        (wav(0) + b"LIST\x04\x00\x00\x00INFO", sound.SoundEmpty),
        (wav(0.000125), sound.SoundEmpty),
    ],
)
def test_no_sound_is_told_apart_from_lost_sound(content: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        sound.probe(io.BytesIO(content), "wav")


@pytest.mark.parametrize(
    ("container", "codec", "rate", "media"),
    [("adts", "aac", 16_000, "aac"), ("3gp", "aac", 16_000, "m4a"), ("mp4", "aac", 16_000, "m4a"),
    ("flac", "flac", 8_000, "fla"),
     ("wav", "pcm_alaw", 8_000, "wav"), ("wav", "pcm_mulaw", 8_000, "wav"),
     ("ogg", "libopus", 48_000, "ogg")],
)  # fmt: skip
def test_these_are_taken(world: World, container: str, codec: str, rate: int, media: str) -> None:
    recording = hand_in(world.connected(), coded(container, codec, rate))
    assert (recording.media, recording.state, recording.flaws) == (media, Recording.State.READY, [])
    assert abs((recording.duration_ms or 0) - 60_000) < 500


def test_a_fragmented_mp4_is_taken() -> None:
    out, body = io.BytesIO(), np.frombuffer(samples(60), "<i2")
    with av.open(
        out, "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    ) as file:
        track: Any = file.add_stream("aac", rate=16_000)
        track.layout = "mono"
        for start in range(0, len(body), RATE):
            frame = av.AudioFrame.from_ndarray(body[None, start : start + RATE], format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, start
            file.mux(track.encode(frame))
        file.mux(track.encode(None))
    found = measured(out.getvalue())
    assert (round(found.duration_ms / 1000), found.is_whole) == (60, True)


def test_a_head_without_sound_is_said_to_be_empty_once(world: World, api: Api) -> None:
    call = world.connected()
    for head in (wav(0), sized(wav()[:44], 36, 0)):
        assert problem(api.put(f"calls/{call.public_id}/recording", head)) == (422, "recording_empty")


def test_a_range_beyond_the_end_names_the_size(world: World, browse: Any) -> None:
    recording = hand_in(world.connected())
    browser = browse("supervisor")
    play = services.begin_play(actor=world.people["supervisor"], recording=recording, purpose="quality")
    answer = browser.get(
        reverse("play_sound", kwargs={"pk": play.pk}), headers={"range": f"bytes={recording.size}-"}
    )
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{recording.size}")


# -- hold


def test_a_hold_is_counted_whatever_is_doubled_or_missing() -> None:
    start = rules.Hold()
    at = datetime(2026, 7, 16, 10, tzinfo=UTC)
    held = rules.hold_after(start, "hold", at)
    assert rules.hold_after(held, "hold", at + timedelta(seconds=5)) == held
    over = rules.hold_after(held, "resume", at + timedelta(seconds=30))
    assert (over.total, over.since) == (timedelta(seconds=30), None)
    assert rules.hold_after(over, "resume", at + timedelta(seconds=60)) == over
    assert rules.hold_after(
        rules.hold_after(over, "hold", at), "ended", at + timedelta(seconds=10)
    ).total == timedelta(seconds=40)


def test_a_hold_within_the_call_is_no_missing_sound(world: World) -> None:
    call = world.connected()
    assert call.answered_at is not None
    Call.objects.filter(pk=call.pk).update(
        held_for=timedelta(seconds=120), ended_at=call.answered_at + timedelta(seconds=300)
    )
    call.refresh_from_db()
    recording = hand_in(call, wav(180))
    assert Recording.Flaw.LENGTH not in recording.flaws
    assert measuring_sound._flaws(recording, sound.measure(io.BytesIO(wav(60)), "wav")) == [
        Recording.Flaw.LENGTH
    ]


def test_a_dialler_reports_hold_and_resume(world: World, api: Api, clock: Any) -> None:
    call = world.authorize(client=world.client, hands_over=True).call
    assert call is not None
    for event, seconds in (("answered", 1), ("hold", 10), ("resume", 70), ("ended", 60)):
        clock.shift(seconds)
        assert api.post(f"calls/{call.public_id}/events", {"event": event}).status_code == 200
    call.refresh_from_db()
    assert (call.state, call.held_for, call.held_since) == ("ended", timedelta(seconds=70), None)


def test_joined_mp3s_of_two_rates_are_as_long_as_both() -> None:
    joined = coded("mp3", "libmp3lame", 8_000, 20) + coded("mp3", "libmp3lame", 16_000, 20)
    measured = sound.measure(io.BytesIO(joined), "mp3")
    assert abs(measured.duration_ms - 40_000) < 1_000


def test_a_head_that_no_sound_has_stops_nobody_behind_it(world: World) -> None:
    odd = bytearray(wav(60))
    odd[22:24] = (255).to_bytes(2, "little")  # channels
    world.add_contact(OTHER_PHONE)
    first, second = world.connected(), world.connected(phone=OTHER_PHONE)
    for call, content in ((first, bytes(odd)), (second, wav(60, pitch=411))):
        services.receive_recording(
            client=None, call_id=call.pk, read=io.BytesIO(content).read, length=len(content)
        )
    services.measure_received()
    states = dict(Recording.objects.values_list("call", "state"))
    assert states == {first.pk: Recording.State.DAMAGED, second.pk: Recording.State.READY}
