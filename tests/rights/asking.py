"""Requests of persons, asked and carried out."""

from datetime import timedelta
from typing import Any

from apps.calls.models import Call, Disposition
from apps.quality import services as quality
from apps.rights import services
from apps.rights.models import CopyOrder, SubjectRequest
from tests.quality.sounds import hand_in, wav
from tests.world import PHONE, World


def ask(world: World, kind: str = "delete", **fields: Any) -> SubjectRequest:
    payload = {
        "phone": PHONE,
        "channel": "letter",
        "verification": "回拨核实",
        "actor": world.people["compliance"],
    }
    return services.record_request(kind=kind, **{**payload, **fields})


def execute(world: World, request: SubjectRequest, answer: str = "") -> SubjectRequest:
    return services.execute(actor=world.people["compliance"], request=request, answer=answer)


def copied(world: World, request: SubjectRequest) -> tuple[SubjectRequest, str]:
    """A copy asked for and made by the worker."""
    _asked, passphrase = services.ask_copy(
        actor=world.people["compliance"], request=request, link_to=lambda path: f"https://hegui.example{path}"
    )
    services.make_copy(CopyOrder.objects.latest("pk").job_id)
    request.refresh_from_db()
    return request, passphrase


def history(world: World, days: int = 40) -> Call:
    """A call of some days ago with everything that depends on calls."""
    call = world.connected()
    hand_in(call, wav(5))
    quality.take_transcript(
        client=None,
        call_id=call.pk,
        raw=[{"start": 0, "end": 3, "speaker": "agent", "text": "您好，我是明澜家居的客服。"}],
    )
    result: Any = Disposition.objects.get(call=call)
    result.note = "想了解续费"
    result.save()
    ago = timedelta(days=days)
    Call.objects.filter(pk=call.pk).update(
        reserved_at=call.reserved_at - ago, reserved_until=call.reserved_until - ago
    )
    return call
