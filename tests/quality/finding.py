"""Violations, found and closed."""

from typing import Any

from apps.quality import services
from apps.quality.models import CorrectiveAction, Review, Violation
from tests.quality.judging import taken
from tests.world import World


def found(world: World, gravity: str = "minor", review: Review | None = None, **about: Any) -> Violation:
    payload = {
        "kind": "secrets",
        "note": "索要验证码",
        "law": "《个人信息保护法》第6条",
        "owner": world.people["supervisor"],
        **about,
    }
    return services.open_violation(
        actor=payload.pop("actor", world.people["compliance"]),
        gravity=gravity,
        review=review or taken(world, world.connected(), "compliance"),
        **payload,
    )


def done(world: World, violation: Violation) -> CorrectiveAction:
    return services.report_done(
        actor=world.people["supervisor"], action=violation.action, measures="重新培训", proof="培训记录"
    )


def close(world: World, violation: Violation, by: str = "compliance") -> CorrectiveAction:
    return services.check_action(
        actor=world.people[by], action=done(world, violation), is_corrected=True, note="抽听三通"
    )
