"""Data sources, recorded."""

from typing import Any

from apps.contacts import services
from apps.contacts.models import DataSource
from tests.world import World


def record(world: World, actor: str = "supervisor", **fields: Any) -> DataSource:
    return services.create_source(
        actor=world.people[actor],
        purposes=[world.purpose],
        **{
            "code": "new",
            "name": "new",
            "origin": "own",
            "lawful_basis": "同意",
            "consent_wording": "我同意。",
            **fields,
        },
    )
