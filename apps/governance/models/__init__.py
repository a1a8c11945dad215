"""What an officer owes the law beside the calls, one file a subject."""

from .assessments import Assessment, Risk
from .audits import AuditAnswer, ComplianceAudit, MonthReport, Nonconformity
from .incidents import AffectedPerson, Incident, IncidentEntry, IncidentNotice, IncidentTask
from .trainings import Training

__all__ = [
    "AffectedPerson",
    "Assessment",
    "AuditAnswer",
    "ComplianceAudit",
    "Incident",
    "IncidentEntry",
    "IncidentNotice",
    "IncidentTask",
    "MonthReport",
    "Nonconformity",
    "Risk",
    "Training",
]
