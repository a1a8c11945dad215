"""`recordings`: signing and opening an hour of sound beside read, AES-256-GCM and write; the first byte after
a seek; the page of a review with an hour of sound and 1,000 segments. `sampling`: choosing among 100,000
calls of a day."""

import os
import random
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from apps.accounts.models import User
from apps.calls.models import Call, Decision
from apps.console import static_files
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files, streams
from apps.quality import services as quality
from apps.quality.models import Play, Recording, Review, SamplingPlan
from apps.scripts.models import ScriptVersion

from .measure import Comparison, Scale, in_process, seconds
from .world import SmallestWorld, smallest_world

HOUR = 3_600
RATE = 16_000  # bytes a second: 8,000 samples of 16 bits
SEGMENTS = 1_000
ROUNDS = 5
SEEKS = 300
SEEK_SECONDS, PAGE_SECONDS = 0.05, 1.0
CALLS, SAMPLING_SECONDS = 100_000, 20
PIECE = 64 * 1024


@contextmanager
def _folder() -> Iterator[Path]:
    """Beside the real files, on the same disk."""
    settings.HEGUI_HOME.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=settings.HEGUI_HOME) as name,
        override_settings(MEDIA_ROOT=Path(name) / "media"),
    ):
        yield Path(name)


def bench_recordings(scale: Scale) -> list[Comparison]:
    static_files.collect()  # the page names them
    with _folder() as folder:
        content = _wav(max(60, int(HOUR * scale.factor)))
        lines = in_process(_encrypt_and_decrypt, folder, content)
        world = smallest_world(code="bench")
        # the right to what was said
        world.compliance.groups.set(Group.objects.filter(name=world.compliance.role))
        recording = _recorded(world, content, max(10, int(SEGMENTS * scale.factor)))
        lines += in_process(_seek_and_show, world.compliance.pk, recording.pk)
    return list(lines)


def _wav(length: int) -> bytes:
    """Noise: nothing about it makes the work easier."""
    body = os.urandom(length * RATE)
    return (
        struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            b"RIFF",
            36 + len(body),
            b"WAVE",
            b"fmt ",
            16,
            1,
            1,
            RATE // 2,
            RATE,
            2,
            16,
            b"data",
            len(body),
        )
        + body
    )


def _pieces(content: bytes) -> Iterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(content), 4 * PIECE):
        yield bytes(view[start : start + 4 * PIECE])


def _encrypt_and_decrypt(folder: Path, content: bytes) -> list[Comparison]:
    """Megabytes a second, ours and the floor's turn by turn."""
    megabytes = len(content) / 1e6
    source, signed = folder / "clear", folder / "signed"
    source.write_bytes(content)
    rates: dict[str, list[float]] = {
        name: [] for name in ("tree_head", "floor_tree_head", "open", "floor_open")
    }
    for _round in range(ROUNDS):
        rates["floor_tree_head"].append(megabytes / seconds(partial(_floor_tree_head, source, signed)))
        rates["floor_open"].append(megabytes / seconds(partial(_floor_open, signed)))
        name = ""

        def ours() -> None:
            nonlocal name
            with source.open("rb") as file:
                name = streams.put(
                    iter(lambda: file.read(4 * PIECE), b""), folder="recordings", belongs_to="bench"
                )

        rates["tree_head"].append(megabytes / seconds(ours))
        rates["open"].append(megabytes / seconds(partial(_open, name)))
        encrypted_files.delete(name)
    return [
        Comparison("recordings, signed", "MB/s", rates["tree_head"], rates["floor_tree_head"], 0.6),
        Comparison("recordings, opened", "MB/s", rates["open"], rates["floor_open"], 0.6),
    ]


def _floor_tree_head(source: Path, signed: Path) -> None:
    aead = AESGCM(b"k" * 32)
    with source.open("rb") as file, signed.open("wb") as out:
        place = 0
        while piece := file.read(PIECE):
            out.write(aead.encrypt(place.to_bytes(12, "big"), piece, None))
            place += 1
        out.flush()
        os.fsync(out.fileno())


def _floor_open(signed: Path) -> None:
    aead = AESGCM(b"k" * 32)
    with signed.open("rb") as file, open(os.devnull, "wb") as out:
        place = 0
        while piece := file.read(PIECE + 16):
            out.write(aead.decrypt(place.to_bytes(12, "big"), piece, None))
            place += 1


def _open(name: str) -> None:
    with streams.DecryptedFile(name, belongs_to="bench") as stream, open(os.devnull, "wb") as out:
        for piece in stream.between(0, stream.size):
            out.write(piece)


def _recorded(world: SmallestWorld, content: bytes, segments: int) -> Recording:
    """A call of compliance's campaign with an hour of sound and what was said in it."""
    call = _call(world)
    pieces = _pieces(content)
    waiting = bytearray()

    def read(size: int) -> bytes:
        while len(waiting) < size and (piece := next(pieces, b"")):
            waiting.extend(piece)
        taken = bytes(waiting[:size])
        del waiting[:size]
        return taken

    recording, _is_new = quality.receive_recording(
        client=None, call_id=call.pk, read=read, length=len(content)
    )
    quality.measure_recording(recording.pk)
    raw = [
        {
            "start": place * 3.5,
            "end": place * 3.5 + 3,
            "speaker": "agent" if place % 2 else "client",
            "text": f"第{place}句，续费一年可以享受九折，细则以页面为准。",
        }
        for place in range(segments)
    ]
    quality.take_transcript(client=None, call_id=call.pk, raw=raw)
    return recording


def _call(world: SmallestWorld) -> Call:
    campaign = world.campaign
    version, line = ScriptVersion.objects.get(), campaign.lines.get()
    decision = Decision.objects.create(at=clock.now(), allowed=True, facts={}, campaign=campaign, policy=1)
    ended = clock.now()
    return Call.objects.create(
        decision=decision, campaign=campaign, line=line, script_version=version, number_index=os.urandom(32),
        slot_day=ended.date(),
        state=Call.State.ENDED, reserved_at=ended - timedelta(hours=1),
        reserved_until=ended - timedelta(hours=1),
        answered_at=ended - timedelta(hours=1), ended_at=ended, client=None,
    )  # fmt: skip


def _seek_and_show(person: int, recording_id: int) -> list[Comparison]:
    actor, recording = User.objects.get(pk=person), Recording.objects.get(pk=recording_id)
    recording.refresh_from_db()
    play = quality.begin_play(actor=actor, recording=recording, purpose="quality")
    chance, waits = random.Random(1), []  # noqa: S311  (places in a file)
    for _seek in range(SEEKS):
        place = chance.randrange(recording.size - 1)
        started = time.perf_counter()
        next(quality.serve(actor=actor, play_id=play.pk, asked=f"bytes={place}-").content)
        waits.append(time.perf_counter() - started)
        Play.objects.filter(pk=play.pk).update(served=[])
    slowest = sorted(waits)[int(len(waits) * 0.99) - 1]
    review = quality.take(
        actor=actor, review=quality.choose_by_hand(actor=actor, call=Call.objects.get(recording=recording))
    )
    page = _page(actor, f"/quality/{review.pk}/?play={play.pk}")
    shown = [seconds(page) for _round in range(ROUNDS)]
    return [
        Comparison(
            "recordings, first byte after a seek, p99",
            "1/s",
            [1 / slowest],
            [1 / SEEK_SECONDS],
            1.0,
            {"ms": round(slowest * 1000, 1)},
        ),
        Comparison(
            "review page, an hour and 1,000 segments",
            "pages/s",
            [1 / each for each in shown],
            [1 / PAGE_SECONDS],
            1.0,
        ),
    ]


def _page(actor: User, address: str) -> Callable[[], None]:
    client = Client(headers={"host": "localhost"})
    client.force_login(actor, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["second_factor"] = True
    session.save()

    def show() -> None:
        answer = client.get(address, secure=True)
        if answer.status_code != 200 or b"data-transcript" not in answer.content:
            raise RuntimeError(f"The page answered {answer.status_code}.")

    return show


_DECISIONS = """
insert into calls_decision (at, created_at, allowed, reserves, codes, not_applicable, facts, retry_at,
    campaign_id, policy, line_asked)
select %(at)s + n * interval '0.3 second', now(), true, true, '{}', '{}', '{}', '{}', %(campaign)s, 1, ''
from generate_series(1, %(calls)s) n
"""
_CALLS = """
insert into calls_call (created_at, decision_id, campaign_id, line_id, script_version_id, agent_id,
    number_index, slot_day,
                        slot_number, state, reserved_at, reserved_until, answered_at, ended_at, identity_said)
select at, id, campaign_id, %(line)s, %(version)s, %(first)s + id %% %(agents)s, sha256(id::text::bytea),
    %(day)s,
       1, 'ended', at, at + interval '60 seconds', at, at + (5 + id %% 300) * interval '1 second',
           id %% 20 > 0
from calls_decision
"""
_TRANSCRIPTS = """
insert into quality_transcript (created_at, call_id, campaign_id, line_id, agent_id, started_at, segments,
    count, source, digest, removed,
                                findings, checks, worst, rules)
select answered_at, id, campaign_id, line_id, agent_id, answered_at, '\\x00', 20, 'bench',
    sha256(id::text::bytea), 0,
       '[]', jsonb_build_object('identity', id %% 15 > 0, 'purpose', true, 'way_out', id %% 9 > 0),
       case when id %% 40 = 0 then 'blocking' else '' end, ''
from calls_call
"""


def bench_sampling(scale: Scale) -> list[Comparison]:
    world = smallest_world(code="bench")
    count, campaign = scale.of(CALLS), world.campaign
    agents = User.objects.bulk_create(
        User(
            username=f"agent{number}", display_name="x", role="agent", department=world.supervisor.department
        )
        for number in range(200)
    )
    start = timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    about: dict[str, Any] = {
        "at": start, "day": start.date(), "calls": count, "campaign": campaign.pk,
        "line": campaign.lines.get().pk,
        "version": ScriptVersion.objects.get().pk, "first": agents[0].pk, "agents": len(agents),
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in (_DECISIONS, _CALLS, _TRANSCRIPTS):
            cursor.execute(statement, about)
        cursor.execute("analyze")
    plan = quality.write_plan(actor=world.compliance, name="bench", campaign=None, most_a_day=500)
    spent = in_process(_sample, plan.pk, start.date())
    return [
        Comparison(
            "sampling",
            "days/s",
            [1 / spent],
            [1 / SAMPLING_SECONDS],
            1.0,
            {"calls": count, "seconds": round(spent, 1)},
        )
    ]


def _sample(plan: int, day: date) -> float:
    run = partial(quality.sample_day, plan=SamplingPlan.objects.get(pk=plan), day=day)
    spent = seconds(run)
    if not Review.objects.exists():
        raise RuntimeError("Nothing was chosen.")
    return spent
