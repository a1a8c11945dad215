"""Reviews, taken and judged."""

from apps.calls.models import Call
from apps.quality import queries, services
from apps.quality.models import Review, ScoreCardVersion
from tests.world import World

ITEMS = [
    {
        "code": "privacy",
        "section": "privacy",
        "weight": 40,
        "is_fatal": True,
        "may_not_apply": False,
        "text": {"en": "p", "zh": "隐私"},
    },
    {
        "code": "opening",
        "section": "script",
        "weight": 40,
        "is_fatal": False,
        "may_not_apply": False,
        "text": {"en": "o", "zh": "开场"},
    },
    {
        "code": "result",
        "section": "result",
        "weight": 20,
        "is_fatal": False,
        "may_not_apply": True,
        "text": {"en": "r", "zh": "小结"},
    },
]


YES = {"privacy": "yes", "opening": "yes", "result": "yes"}


def card(world: World) -> ScoreCardVersion:
    """The card in force; written by one officer, put in force by the other."""
    known = ScoreCardVersion.objects.filter(state="in_force").first()
    if known:
        return known
    written = services.write_card(
        actor=world.people["compliance2"], code="standard", name="通用", trade="", items=ITEMS, pass_mark=80
    )
    return services.approve_card(actor=world.people["compliance"], version=written)


def taken(world: World, call: Call, reviewer: str = "supervisor") -> Review:
    return services.take(
        actor=world.people[reviewer], review=services.choose_by_hand(actor=world.people[reviewer], call=call)
    )


def judged(world: World, call: Call, reviewer: str = "supervisor", **answers: str) -> Review:
    review = taken(world, call, reviewer)
    listen(world, call, reviewer)
    return services.give_verdict(
        actor=world.people[reviewer],
        review=review,
        version=card(world),
        answers=YES | answers,
        summary="规范",
    )


def listen(world: World, call: Call, reviewer: str) -> None:
    recording = queries.recordings_of(world.people[reviewer]).filter(call=call, state="ready").first()
    if recording:
        play = services.begin_play(actor=world.people[reviewer], recording=recording, purpose="quality")
        services.serve(actor=world.people[reviewer], play_id=play.pk, asked="bytes=0-9")
