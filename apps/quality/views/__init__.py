"""Pages of quality, one file a subject."""

from .actions import action, action_proof, action_step, actions
from .complaints import (
    base_new,
    comparison,
    complaint,
    complaint_new,
    complaint_step,
    complaint_violation,
    complaints,
)
from .recordings import (
    coverage,
    play_heard,
    play_sound,
    recording,
    recording_play,
    recordings,
    transcript_new,
)
from .reviews import (
    review,
    review_appeal,
    review_choose,
    review_next,
    review_remark,
    review_settle,
    review_take,
    review_verdict,
    review_violation,
    reviews,
    timed_remark_delete,
)  # fmt: skip
from .score_cards import (
    agent_suspension,
    agents,
    plan_end,
    plan_new,
    plans,
    score_card_approve,
    score_card_new,
    score_cards,
)

__all__ = [
    "action", "action_proof", "action_step", "actions", "agent_suspension", "agents",
    "base_new", "comparison", "complaint",
    "complaint_new",
    "complaint_step", "complaint_violation", "complaints", "coverage", "plan_end", "plan_new",
    "plans", "play_heard", "play_sound", "recording", "recording_play", "recordings", "review",
    "review_appeal", "review_choose",
    "review_next", "review_remark", "review_settle", "review_take", "review_verdict", "review_violation",
    "reviews", "score_card_approve",
    "score_card_new", "score_cards", "timed_remark_delete", "transcript_new",
]  # fmt: skip
