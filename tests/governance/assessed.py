"""Impact assessments that tests of several rooms need."""

from typing import Any

from apps.governance import services
from apps.governance.models import Assessment
from tests.world import World

TEXTS = {
    "necessity": "为履行合同所必需。",
    "influence": "来电可能打扰；数据加密保存。",
    "measures": "时段、频次、退订、脱敏。",
}


def risk(**fields: Any) -> dict[str, Any]:
    return {
        "threat": "打扰客户",
        "likelihood": 2,
        "harm": 2,
        "measure": "限制频次",
        "owner": None,
        "due_on": None,
        "remaining": 1,
        **fields,
    }


def written(
    world: World,
    about: Any,
    by: str = "supervisor",
    verdict: str = "with_measures",
    risks: Any = None,
    **texts: str,
) -> Assessment:
    actor = world.people[by]
    made = services.begin_assessment(actor=actor, about=about)
    return services.write_assessment(
        actor=actor,
        assessment=made,
        texts={**TEXTS, **texts},
        verdict=verdict,
        risks=[risk()] if risks is None else risks,
    )


def approved(world: World, about: Any, **fields: Any) -> Assessment:
    made = written(world, about, **fields)
    services.submit_assessment(actor=made.written_by, assessment=made, about=about)
    return services.decide_assessment(
        actor=world.people["compliance2"], assessment=made, about=about, approve=True
    )
