"""What an officer owes the law beside the calls, one file a subject."""

from .assessments import Assessment, Risk
from .incidents import AffectedPerson, Incident, IncidentEntry, IncidentNotice, IncidentTask

__all__ = ["AffectedPerson", "Assessment", "Incident", "IncidentEntry", "IncidentNotice", "IncidentTask", "Risk"]
