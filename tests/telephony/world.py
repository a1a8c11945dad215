"""A gateway, a trunk and a dialler beside the smallest legal world."""

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import ApiClient
from apps.telephony import services
from apps.telephony.models import Dialler, Trunk
from tests.http import Api
from tests.world import LINE, PHONE, World


@dataclass
class Telephony:
    world: World
    gateway: ApiClient
    key: str
    trunk: Trunk
    dialler: Dialler

    def __post_init__(self) -> None:
        self.api = Api(self.key)
        self.asked = 0

    def ask(self, to: str = PHONE, line: str = LINE, **fields: Any) -> dict[str, Any]:
        """One INVITE, each with a Call-ID of its own unless one is given."""
        self.asked += 1
        body = {
            "dialler": self.dialler.public_id,
            "ask": f"ask-{self.asked}",
            "sip_call": f"call-{self.asked}",
            "to": to,
            "line": line,
        }
        answer = self.api.post("telephony/ask", {**body, **fields})
        assert answer.status_code == 200, answer.content
        payload: dict[str, Any] = answer.json()
        return payload

    def event(self, call: str, event: str, **fields: Any) -> dict[str, Any]:
        answer = self.api.post(f"calls/{call}/events", {"event": event, **fields})
        assert answer.status_code == 200, answer.content
        payload: dict[str, Any] = answer.json()
        return payload


def set_up(world: World) -> Telephony:
    admin = world.people["admin"]
    gateway, key = world.api_client("gateway", "telephony", "events", "recordings", "optouts")
    trunk = services.record_trunk(
        actor=admin,
        name="运营商甲",
        host="198.51.100.7",
        lines=[world.line],
        calls_at_once=10,
        calls_a_second=3,
    )
    dialler = services.record_dialler(
        actor=admin, name="外呼系统", client=world.client, addresses=["192.0.2.10"]
    )
    return Telephony(world, gateway, key, trunk, dialler)
