"""Why a decision was what it was, from what was stored with it, years later (R33)."""

from typing import Literal

from ..gate.facts import Facts, OldFacts
from ..gate.rules import judge
from ..models import Decision

Replay = Literal["agrees", "differs", "old"]


def explain(decision: Decision) -> Replay:
    """Judge the stored facts again. `old` when today's rules ask for a fact that was not kept then."""
    try:
        verdict = judge(Facts.from_json(decision.facts))
    except OldFacts:
        return "old"
    return "agrees" if verdict.codes == decision.codes and verdict.allowed == decision.allowed else "differs"
