"""Recordings and what people make of them: plays, transcripts, reviews, violations, corrective actions,
complaints.

A recording and its transcript go with their own storage period; what was found in them (reviews, violations)
names the call for as long as it is there and carries what it needs of it (who, which campaign, when) beyond
that.
"""

from .complaints import BasePeriod, Complaint, ComplaintEvent
from .packs import EvidencePack
from .recordings import Play, Recording, Transcript
from .reviews import Review, SamplingPlan, SamplingRun, ScoreCard, ScoreCardVersion, TimedRemark
from .violations import ActionEvent, CorrectiveAction, Violation

__all__ = [
    "ActionEvent", "BasePeriod", "Complaint", "ComplaintEvent", "CorrectiveAction", "EvidencePack", "Play",
    "Recording", "Review",
    "SamplingPlan", "SamplingRun", "ScoreCard", "ScoreCardVersion", "TimedRemark", "Transcript", "Violation",
]  # fmt: skip
