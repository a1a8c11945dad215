"""Shares, asked for, approved and looked at."""

from datetime import timedelta
from typing import Any

from apps.sharing import queries, services
from apps.sharing.models import Share
from tests.world import World

AGREEMENT = b"%PDF-1.7\n...\n%%EOF"


def ask(world: World, by: str = "supervisor2", **fields: Any) -> Share:
    payload = {
        "campaign": world.campaign, "fields": ["phone", "name", "tags"], "form": "view",
        "purpose": "联合回访抽样",
        "agreement": "保密协议2026-3",
        "content": AGREEMENT, "file_name": "signed.pdf", "ends_on": world.today + timedelta(days=7),
    }  # fmt: skip
    return services.ask_share(actor=world.people[by], **{**payload, **fields})


def approved(world: World, by: str = "supervisor2", **fields: Any) -> Share:
    return services.decide_share(
        actor=world.people["compliance"], share=ask(world, by, **fields), approve=True
    )


def look(world: World, share: Share, by: str = "supervisor2") -> list[list[str]]:
    return services.look(viewer=world.people[by], share=share, entries=list(queries.entries_of(share)))
