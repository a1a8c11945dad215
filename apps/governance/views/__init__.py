"""Pages of governance, one file a subject."""

from .assessments import assessment, assessment_edit, assessment_new, assessment_paper, assessment_step, assessments
from .incidents import (
    incident,
    incident_facts,
    incident_new,
    incident_notice,
    incident_of_alarm,
    incident_report,
    incident_step,
    incident_task_done,
    incident_tasks,
    incidents,
)

__all__ = [
    "assessment",
    "assessment_edit",
    "assessment_new",
    "assessment_paper",
    "assessment_step",
    "assessments",
    "incident",
    "incident_facts",
    "incident_new",
    "incident_notice",
    "incident_of_alarm",
    "incident_report",
    "incident_step",
    "incident_task_done",
    "incident_tasks",
    "incidents",
]
