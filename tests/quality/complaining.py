"""Complaints, recorded."""

from typing import Any

from apps.quality import services
from apps.quality.models import Complaint
from tests.world import World


def complain(world: World, by: str = "compliance", **about: Any) -> Complaint:
    return services.record_complaint(
        actor=world.people[by],
        **{"channel": "telephone", "kind": "unwanted", "text": "要求不要再打电话", **about},
    )
