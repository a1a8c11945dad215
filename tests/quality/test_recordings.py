"""A recording on its way in: stored whole, encrypted, once, or not at all; and what it is found to be (R7,
R29)."""

import hashlib
import io
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils.translation import override

from apps.calls.models import Call
from apps.core.crypto import encrypted_files, streams
from apps.core.errors import BadInput, DecryptionFailed
from apps.notifications.models import Notice
from apps.quality import services, sound
from apps.quality.models import Recording
from tests.http import Api, problem
from tests.world import LINE, World

from .sounds import coded, hand_in, wav


@pytest.fixture
def api(world: World) -> Api:
    return Api(world.key)


def nothing_is_stored(storage: Path) -> bool:
    return not Recording.objects.exists() and not [path for path in storage.rglob("*") if path.is_file()]


# -- handed in


def test_a_recording_is_taken_and_kept_encrypted(world: World, api: Api, storage: Path) -> None:
    call, content = world.connected(), wav(60)
    answer = api.put(f"calls/{call.public_id}/recording", content)
    assert answer.status_code == 201
    assert answer.json() == {
        "recording": Recording.objects.get().public_id,
        "call": call.public_id,
        "media": "wav",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (file,) = (path for path in storage.rglob("*") if path.is_file())
    assert content[1_000:1_064] not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    with services.open_recording(Recording.objects.get()) as stream:
        assert stream.size == len(content)
        assert b"".join(stream.between(0, stream.size)) == content


@pytest.mark.parametrize(
    ("media", "make"),
    [
        ("mp3", lambda: coded("mp3", "libmp3lame", 16_000)),
        ("ogg", lambda: coded("ogg", "libopus", 48_000)),
        ("m4a", lambda: coded("ipod", "aac", 16_000)),
    ],
)
def test_the_kind_of_file_is_reported_by_its_content(
    world: World, media: str, make: Callable[[], bytes]
) -> None:
    kept = hand_in(world.connected(), make())
    assert kept.media == media
    assert kept.state == "ready"
    assert kept.duration_ms is not None
    assert abs(kept.duration_ms - 60_000) < 300


def test_the_same_recording_again_is_the_one_that_is_stored(world: World, api: Api, storage: Path) -> None:
    call = world.connected()
    first = api.put(f"calls/{call.public_id}/recording", wav())
    again = api.put(f"calls/{call.public_id}/recording", wav())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len([path for path in storage.rglob("*") if path.is_file()]) == 1


def test_another_recording_of_the_same_call_is_refused(world: World, api: Api) -> None:
    call = world.connected()
    api.put(f"calls/{call.public_id}/recording", wav())
    assert problem(api.put(f"calls/{call.public_id}/recording", wav(61))) == (409, "another_recording")
    assert bytes(Recording.objects.get().sha256) == hashlib.sha256(wav()).digest()


def test_a_replay_of_another_calls_recording_is_refused(world: World, api: Api, storage: Path) -> None:
    other = world.add_contact("13800001299")
    first, second = world.connected(), world.connected(phone="13800001299")
    assert other.pk
    api.put(f"calls/{first.public_id}/recording", wav())
    assert problem(api.put(f"calls/{second.public_id}/recording", wav())) == (409, "of_another_call")
    assert Recording.objects.get().call == first
    assert len([path for path in storage.rglob("*") if path.is_file()]) == 1


# -- what is refused, and leaves nothing behind

BAD = {
    "text": (b"this is no sound" * 500, 415, "not_a_recording"),
    "picture": (b"\x89PNG\r\n\x1a\n" + os.urandom(9_000), 415, "not_a_recording"),
    "WAV of noise": (b"RIFF\x00\x00\x00\x00WAVE" + os.urandom(9_000), 422, "recording_damaged"),
    "MP3 of noise": (b"\xff\xfb\x90\x00" + os.urandom(9_000), 422, "recording_damaged"),
    "Ogg of noise": (b"OggS" + bytes(24) + b"OpusHead" + os.urandom(9_000), 422, "recording_damaged"),
    "M4A of noise": (b"\x00\x00\x00\x18ftypmp42" + os.urandom(9_000), 422, "recording_damaged"),
    "page behind a head": (
        b"ID3" + bytes(4_096) + b"<html><script>alert(1)</script>" * 200,
        422,
        "recording_damaged",
    ),
    "head alone": (wav(0), 422, "recording_empty"),
    "nothing": (b"", 422, "bad_input"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_recording_is_refused_and_nothing_is_stored(
    world: World, api: Api, storage: Path, name: str
) -> None:
    content, status, code = BAD[name]
    call = world.connected()
    assert problem(api.put(f"calls/{call.public_id}/recording", content)) == (status, code)
    assert nothing_is_stored(storage)


def test_a_film_is_no_recording(world: World, api: Api, storage: Path) -> None:
    import av
    import numpy as np

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        track = file.add_stream("mpeg4", rate=10)
        track.width, track.height, track.pix_fmt = 64, 64, "yuv420p"
        for _place in range(10):
            file.mux(
                track.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24"))
            )
        file.mux(track.encode(None))
    call = world.connected()
    assert problem(api.put(f"calls/{call.public_id}/recording", out.getvalue())) == (415, "not_a_recording")
    assert nothing_is_stored(storage)


def test_two_gigabytes_are_refused_before_they_are_read(world: World, storage: Path) -> None:
    def read(size: int) -> bytes:
        raise AssertionError("It is read.")

    with pytest.raises(services.RecordingTooLarge, match="256 MB"):
        services.receive_recording(
            client=world.client, call_id=world.connected().pk, read=read, length=2 * 1024**3
        )
    assert nothing_is_stored(storage)


def test_a_recording_that_is_cut_on_its_way_is_refused(world: World, storage: Path) -> None:
    content = wav()
    with override("en"), pytest.raises(BadInput, match="480000 of 960044 bytes came"):
        services.receive_recording(
            client=world.client,
            call_id=world.connected().pk,
            read=io.BytesIO(content[:480_000]).read,
            length=len(content),
        )
    assert nothing_is_stored(storage)


def test_a_connection_that_breaks_leaves_nothing_behind(world: World, storage: Path) -> None:
    source = io.BytesIO(wav())

    def read(size: int) -> bytes:
        if source.tell() > 500_000:
            raise OSError("The connection broke.")
        return source.read(size)

    with pytest.raises(OSError, match="broke"):
        services.receive_recording(
            client=world.client, call_id=world.connected().pk, read=read, length=960_044
        )
    assert nothing_is_stored(storage)


def test_a_call_of_another_client_is_not_there(world: World, storage: Path) -> None:
    _client, key = world.api_client("other", "recordings")
    call = world.connected()
    assert problem(Api(key).put(f"calls/{call.public_id}/recording", wav()))[0] == 404
    assert nothing_is_stored(storage)


def test_a_call_that_still_goes_on_has_no_recording_yet(world: World, api: Api, storage: Path) -> None:
    result = world.authorize(client=world.client)
    assert result.call
    Call.objects.update(state="answered")
    assert problem(api.put(f"calls/{result.call.public_id}/recording", wav())) == (409, "wrong_state")
    assert nothing_is_stored(storage)


def test_a_call_that_was_never_made_has_no_recording(world: World, api: Api, storage: Path) -> None:
    result = world.authorize(client=world.client)
    assert result.call
    Call.objects.update(state="withdrawn")
    assert problem(api.put(f"calls/{result.call.public_id}/recording", wav())) == (409, "wrong_state")
    assert nothing_is_stored(storage)


# -- what it is found to be


def test_length_peaks_and_silence_are_measured(world: World) -> None:
    kept = hand_in(world.connected(), wav(60, quiet=(20, 35)))
    assert (kept.state, kept.duration_ms, kept.flaws) == ("ready", 60_000, [])
    assert kept.silences == [[20_000, 35_000]]
    assert len(bytes(kept.peaks or b"")) == 2_000
    assert max(bytes(kept.peaks or b"")) == 8_000 * 255 // 32_768


def test_a_recording_of_silence_shows(world: World) -> None:
    assert hand_in(world.connected(), wav(60, quiet=(0, 60))).flaws == ["silent"]


def test_a_recording_that_does_not_fit_its_call_shows(world: World) -> None:
    assert hand_in(world.connected(seconds=300), wav(60)).flaws == ["length"]


def test_a_recording_of_a_call_that_was_not_reported_as_connected_is_kept_and_shows(world: World) -> None:
    call = world.connected()
    Call.objects.update(state="no_answer", answered_at=None)
    call.refresh_from_db()
    assert hand_in(call, wav()).flaws == ["unexpected"]


def test_a_late_recording_is_kept_and_shows(world: World, clock: time_machine.Traveller) -> None:
    call = world.connected()
    clock.shift(timedelta(hours=2))
    assert hand_in(call).flaws == ["late"]


@pytest.mark.parametrize(
    "make", [lambda: wav(60)[:500_000], lambda: coded("ogg", "libopus", 48_000)[:200_000]]
)
def test_a_recording_that_ends_before_its_end_shows(world: World, make: Callable[[], bytes]) -> None:
    assert "damaged" in hand_in(world.connected(), make()).flaws


def test_measuring_twice_changes_nothing(world: World) -> None:
    kept = hand_in(world.connected())
    Recording.objects.update(duration_ms=1)
    services.measure_recording(kept.pk)
    assert Recording.objects.get().duration_ms == 1


def test_what_no_worker_was_reported_of_is_measured_within_the_minute(world: World) -> None:
    content = wav()
    services.receive_recording(
        client=None, call_id=world.connected().pk, read=io.BytesIO(content).read, length=len(content)
    )
    assert services.measure_received() == 1
    assert Recording.objects.get().state == "ready"


# -- what was altered does not open


def _flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("place", [0, 1, 5, 40, 80, 70_000, 500_000, -1])
def test_a_flipped_bit_shows(world: World, place: int) -> None:
    kept = hand_in(world.connected())
    path = encrypted_files.path_of(kept.file)
    assert path
    _flip(path, place)
    with pytest.raises(DecryptionFailed), services.open_recording(kept) as stream:
        for _piece in stream.between(0, stream.size):
            pass


def test_a_cut_shows_at_once(world: World) -> None:
    """Within the head, right behind it, within a chunk, at the border of one, and of the last byte."""
    kept = hand_in(world.connected())
    path = encrypted_files.path_of(kept.file)
    assert path
    content = path.read_bytes()
    head = streams.key_bytes(content[:100])
    for cut in (
        0,
        3,
        40,
        head,
        head + 5,
        head + 65_552,
        head + 65_552 * 5,
        head + 65_552 * 5 + 100,
        len(content) - 1,
    ):
        path.write_bytes(content[:cut])
        with pytest.raises(DecryptionFailed):
            services.open_recording(kept)
    path.write_bytes(content)
    services.open_recording(kept).close()


def test_swapped_chunks_show(world: World) -> None:
    kept = hand_in(world.connected())
    path = encrypted_files.path_of(kept.file)
    assert path
    content = path.read_bytes()
    start, size = streams.key_bytes(content[:100]), streams.ENCRYPTED_CHUNK
    first, second = content[start : start + size], content[start + size : start + 2 * size]
    path.write_bytes(content[:start] + second + first + content[start + 2 * size :])
    with services.open_recording(kept) as stream, pytest.raises(DecryptionFailed):
        next(stream.between(0, 10))


def test_swapped_files_show(world: World) -> None:
    world.add_contact("13800001299")
    one, two = hand_in(world.connected()), hand_in(world.connected(phone="13800001299"))
    here, there = encrypted_files.path_of(one.file), encrypted_files.path_of(two.file)
    assert here
    assert there
    content = here.read_bytes()
    here.write_bytes(there.read_bytes())
    there.write_bytes(content)
    for kept in (one, two):
        with pytest.raises(DecryptionFailed):
            services.open_recording(kept)


def test_a_recording_under_another_call_does_not_open(world: World) -> None:
    """Who can write in the database cannot give one call the recording of another."""
    kept = hand_in(world.connected())
    kept.call_number += 1
    with pytest.raises(DecryptionFailed):
        services.open_recording(kept)


def test_an_altered_recording_is_reported(world: World) -> None:
    content = wav()
    kept, _new = services.receive_recording(
        client=None, call_id=world.connected().pk, read=io.BytesIO(content).read, length=len(content)
    )
    path = encrypted_files.path_of(kept.file)
    assert path
    _flip(path, 300_000)
    services.measure_recording(kept.pk)
    kept.refresh_from_db()
    assert (kept.state, kept.flaws) == ("damaged", ["damaged"])
    assert Notice.objects.filter(code="recording_damaged", recipient=world.people["compliance"]).exists()


def test_the_database_keeps_what_a_recording_is(world: World) -> None:
    from django.db import Error, transaction

    kept = hand_in(world.connected())
    for change in ({"file": "recordings/other"}, {"sha256": bytes(32)}, {"size": 1}):
        with pytest.raises(Error), transaction.atomic():
            Recording.objects.filter(pk=kept.pk).update(**change)


def test_any_place_of_a_stream_is_read_as_it_was_written(world: World) -> None:
    content = os.urandom(3 * 65_536 + 17)
    name = streams.put(
        iter([content[:10], content[10:100_000], content[100_000:]]), folder="recordings", belongs_to="x"
    )
    with streams.DecryptedFile(name, belongs_to="x") as stream:
        for start, end in (
            (0, 1),
            (65_535, 65_537),
            (65_536, 131_072),
            (100, len(content)),
            (196_608, 196_625),
            (196_620, 999_999),
        ):
            assert b"".join(stream.between(start, end)) == content[start:end]
        stream.seek(-5, os.SEEK_END)
        assert stream.read() == content[-5:]
        assert stream.read() == b""


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 65_537, 131_072])
def test_streams_of_every_length_are_whole(world: World, length: int) -> None:
    content = os.urandom(length)
    name = streams.put(iter([content] if content else []), folder="recordings", belongs_to="x")
    with streams.DecryptedFile(name, belongs_to="x") as stream:
        assert stream.size == length
        assert b"".join(stream.between(0, length)) == content


# -- coverage


def test_connected_calls_without_a_recording_are_reported_by_line_and_day(world: World) -> None:
    from apps.quality import queries

    world.add_contact("13800001299")
    world.connected()
    hand_in(world.connected(phone="13800001299"))
    (row,) = queries.coverage_of(world.people["supervisor"], world.today, world.today)
    assert (row["line__number"], row["calls"], row["recorded"], row["missing"]) == (LINE, 2, 1, 1)
    assert queries.missing_of(world.people["supervisor"], world.today, LINE).count() == 1
    assert queries.coverage_of(world.people["supervisor2"], world.today, world.today) == []


def test_missing_recordings_are_reported_the_next_morning_once(
    world: World, clock: time_machine.Traveller
) -> None:
    world.connected()
    clock.shift(timedelta(days=1))
    assert services.report_missing() == 1
    services.report_missing()
    assert Notice.objects.filter(code="recordings_missing", recipient=world.people["compliance"]).count() == 1


def test_a_line_that_is_not_recorded_at_all_is_reported_within_the_hour(
    world: World, clock: time_machine.Traveller
) -> None:
    for number in range(5):
        world.add_contact(f"1380000130{number}")
        world.connected(phone=f"1380000130{number}")
    assert services.watch_lines() == []  # they may still be on their way
    clock.shift(timedelta(minutes=15))
    assert services.watch_lines() == [LINE]
    services.watch_lines()
    assert Notice.objects.filter(code="line_unrecorded", recipient=world.people["supervisor"]).count() == 1
    hand_in(Call.objects.latest("pk"))
    assert services.watch_lines() == []


def test_ogg_without_a_last_page_and_wav_without_its_end_are_cut() -> None:
    assert sound.measure(io.BytesIO(wav(5)), "wav").is_whole
    assert not sound.measure(io.BytesIO(wav(5)[:-1_000]), "wav").is_whole
