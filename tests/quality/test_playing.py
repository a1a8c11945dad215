"""Listening: a purpose first, rights at every piece, no download, and what was heard in the trail (R10,
R17)."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.audit.models import AccessEvent
from apps.campaigns.models import CampaignUserPermission
from apps.quality import services
from apps.quality.models import Play, Recording, Review
from apps.quality.rules import listening
from tests.quality.judging import judged
from tests.world import World

from .sounds import hand_in, wav

Browse = Callable[[str], Client]


def begin(browser: Client, recording: Recording, purpose: str = "quality") -> Play:
    answer = browser.post(f"/recordings/{recording.public_id}/play/", {"purpose": purpose})
    assert answer.status_code == 302
    return Play.objects.latest("pk")


def sound(browser: Client, play: Play, asked: str = "", **headers: str) -> Any:
    return browser.get(f"/plays/{play.pk}/sound", headers={"range": asked, **headers} if asked else headers)


def test_a_recording_is_not_heard_before_a_purpose_is_named(world: World, browse: Browse) -> None:
    kept, supervisor = hand_in(world.connected()), browse("supervisor")
    page = supervisor.get(f"/recordings/{kept.public_id}/").content.decode()
    assert "/sound" not in page
    supervisor.post(f"/recordings/{kept.public_id}/play/", {"purpose": "curiosity"})
    assert not Play.objects.exists()
    play = begin(supervisor, kept)
    assert (
        f"/plays/{play.pk}/sound"
        in supervisor.get(f"/recordings/{kept.public_id}/?play={play.pk}").content.decode()
    )
    event = AccessEvent.objects.get(kind="played")
    assert (event.actor, event.subject, event.purpose) == (
        world.people["supervisor"],
        kept.public_id,
        "quality",
    )


def test_a_range_is_answered_with_its_bytes(world: World, browse: Browse) -> None:
    content = wav(60)
    kept, supervisor = hand_in(world.connected(), content), browse("supervisor")
    answer = sound(supervisor, begin(supervisor, kept), "bytes=100000-100099")
    assert answer.status_code == 206
    assert b"".join(answer.streaming_content) == content[100_000:100_100]
    assert answer["Content-Range"] == f"bytes 100000-100099/{len(content)}"
    assert answer["Content-Length"] == "100"
    assert answer["Cache-Control"] == "no-store"


def test_a_recording_is_never_handed_out_whole(world: World, browse: Browse) -> None:
    kept, supervisor = hand_in(world.connected()), browse("supervisor")
    play = begin(supervisor, kept)
    for asked in ("", "bytes=0-", "bytes=0-99999999"):
        answer = sound(supervisor, play, asked)
        assert answer.status_code == 206
        assert len(b"".join(answer.streaming_content)) == listening.MOST_BYTES < kept.size


@pytest.mark.parametrize(
    "asked", ["bytes=99999999-", "bytes=5-4", "bytes=-", "bytes=a-b", "bytes=0-1,5-6", "pages=1-2"]
)
def test_a_range_beyond_the_end_and_what_is_no_range_are_refused(
    world: World, browse: Browse, asked: str
) -> None:
    kept, supervisor = hand_in(world.connected()), browse("supervisor")
    assert sound(supervisor, begin(supervisor, kept), asked).status_code == 416


def test_to_go_to_the_sound_or_to_save_it_is_refused(world: World, browse: Browse) -> None:
    kept, supervisor = hand_in(world.connected()), browse("supervisor")
    play = begin(supervisor, kept)
    for where in ("document", "iframe", "object"):
        assert sound(supervisor, play, **{"sec-fetch-dest": where}).status_code == 403


def test_rights_are_asked_at_every_piece(world: World, browse: Browse) -> None:
    kept, supervisor = hand_in(world.connected()), browse("supervisor")
    play = begin(supervisor, kept)
    assert sound(supervisor, play, "bytes=0-9").status_code == 206
    CampaignUserPermission.objects.filter(user=world.people["supervisor"]).delete()
    assert sound(supervisor, play, "bytes=10-19").status_code == 404


def test_a_play_is_its_persons_alone_and_ends(
    world: World, browse: Browse, clock: time_machine.Traveller
) -> None:
    kept, supervisor = hand_in(world.connected()), browse("supervisor")
    play = begin(supervisor, kept)
    assert sound(browse("compliance"), play, "bytes=0-9").status_code == 404
    clock.shift(timedelta(hours=4))
    assert sound(browse("supervisor"), play, "bytes=0-9").status_code == 404


def test_an_agent_hears_own_calls_once_they_were_reviewed(world: World, browse: Browse) -> None:
    call = world.connected()
    kept, agent = hand_in(call), browse("agent")
    assert agent.get(f"/recordings/{kept.public_id}/").status_code == 404
    judged(world, call)
    assert agent.get(f"/recordings/{kept.public_id}/").status_code == 200
    assert browse("agent2").get(f"/recordings/{kept.public_id}/").status_code == 404
    assert sound(agent, begin(agent, kept), "bytes=0-9").status_code == 206
    Review.objects.update(state="waiting", reviewer=None, version=None, score=None, judged_at=None)
    assert sound(agent, Play.objects.latest("pk"), "bytes=0-9").status_code == 404


def test_admins_and_strangers_hear_nothing(world: World, browse: Browse) -> None:
    kept = hand_in(world.connected())
    assert browse("admin").get(f"/recordings/{kept.public_id}/").status_code == 403
    assert browse("supervisor2").get(f"/recordings/{kept.public_id}/").status_code == 404


def test_what_was_heard_is_in_the_trail(world: World, browse: Browse) -> None:
    kept, supervisor = hand_in(world.connected()), browse("supervisor")
    play = begin(supervisor, kept, "dispute")
    for spans, done in (([[0, 5_000]], ""), ([[0, 12_400], [40_000, 45_000]], "on")):
        assert (
            supervisor.post(
                f"/plays/{play.pk}/heard/", {"heard": json.dumps(spans), "done": done}
            ).status_code
            == 204
        )
    event = AccessEvent.objects.filter(kind="played").latest("pk")
    assert event.purpose == "dispute: heard: 0:00-0:12, 0:40-0:45"
    assert event.count == 2
    assert sound(supervisor, play, "bytes=0-9").status_code == 404  # it is over


def test_what_a_silent_player_was_given_is_in_the_trail(
    world: World, browse: Browse, clock: time_machine.Traveller
) -> None:
    content = wav(60)
    kept, supervisor = hand_in(world.connected(), content), browse("supervisor")
    play = begin(supervisor, kept)
    b"".join(sound(supervisor, play, f"bytes=0-{len(content) // 4}").streaming_content)
    clock.shift(timedelta(hours=5))
    assert services.write_plays() == 1
    assert services.write_plays() == 0
    assert AccessEvent.objects.filter(kind="played").latest("pk").purpose == "quality: heard: 0:00-0:15"


@pytest.mark.parametrize("payload", ["[[0]]", "[[5, 1]]", "[[0, 99999999]]", '"x"', "[1, 2]"])
def test_spans_that_make_no_sense_are_refused(world: World, browse: Browse, payload: str) -> None:
    kept, supervisor = hand_in(world.connected()), browse("supervisor")
    play = begin(supervisor, kept)
    assert supervisor.post(f"/plays/{play.pk}/heard/", {"heard": payload}).status_code == 422
    play.refresh_from_db()
    assert play.heard == []


def test_no_trail_no_sound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.quality.services import playing

    def refuses(**about: object) -> None:
        raise RuntimeError("The trail refuses.")

    kept = hand_in(world.connected())
    monkeypatch.setattr(playing, "record_access", refuses)
    with pytest.raises(RuntimeError):
        services.begin_play(actor=world.people["supervisor"], recording=kept, purpose="quality")
    assert not Play.objects.exists()


@pytest.mark.parametrize(
    ("header", "size", "span"),
    [
        ("", 10, (0, 10)),
        ("bytes=0-", 10, (0, 10)),
        ("bytes=3-5", 10, (3, 6)),
        ("bytes=3-99", 10, (3, 10)),
        ("bytes=-4", 10, (6, 10)),
        ("bytes=-99", 10, (0, 10)),
        ("bytes=0-", 2**30, (0, 512 * 1024)),
    ],
)
def test_ranges_are_read_as_http_has_them(header: str, size: int, span: tuple[int, int]) -> None:
    assert listening.asked_range(header, size) == span


def test_spans_are_joined() -> None:
    assert listening.merged([(5, 8), (0, 3), (3, 4), (7, 9)]) == [(0, 4), (5, 9)]
    assert listening.merged([(0, 3), (4, 6)], gap=1) == [(0, 6)]
    assert listening.length([(0, 3), (2, 5), (9, 10)]) == 6
    assert listening.in_words([(0, 83_000), (3_600_000, 3_661_000)]) == "0:00-1:23, 1:00:00-1:01:01"


def test_a_transcript_may_be_read_for_what_a_recording_may_be_heard_for() -> None:
    from apps.access.services import LISTENING

    assert set(Play.Purpose.values) == LISTENING
