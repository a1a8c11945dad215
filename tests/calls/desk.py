"""A day at the desk, step by step."""

from typing import Any

from apps.calls import services
from apps.calls.models import Call
from apps.calls.services.desk import open_call
from apps.campaigns.models import QueueEntry
from tests.world import World

BOTH = {1, 2}


def hold(world: World, agent: str = "agent") -> QueueEntry | None:
    return services.hold_next(actor=world.people[agent])


def place(world: World, ticked: set[int] = BOTH) -> services.Answer:
    entry = hold(world)
    assert entry is not None
    return services.place_call(actor=world.people["agent"], entry_id=entry.pk, ticked=ticked)


def finish(call: Call, state: str = "ended") -> None:
    Call.objects.filter(pk=call.pk).update(
        state=state, answered_at=call.reserved_at, ended_at=call.reserved_at
    )


def result(world: World, **more: Any) -> Any:
    call = open_call(world.people["agent"])
    assert call is not None
    return services.write_disposition(
        actor=world.people["agent"], call=call, **{"reason": "interested", **more}
    )
