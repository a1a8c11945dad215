"""Pages of governance, one file a subject."""

from .assessments import assessment, assessment_edit, assessment_new, assessment_paper, assessment_step, assessments
from .audits import (
    compliance_audit,
    compliance_audit_file,
    compliance_audit_new,
    compliance_audit_paper,
    compliance_audit_step,
    compliance_audits,
    nonconformities,
    nonconformity_step,
)
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
from .months import month, month_make, month_paper, month_step, months
from .registers import register_file, registers, training_file, training_new

__all__ = [
    "assessment",
    "assessment_edit",
    "assessment_new",
    "assessment_paper",
    "assessment_step",
    "assessments",
    "compliance_audit",
    "compliance_audit_file",
    "compliance_audit_new",
    "compliance_audit_paper",
    "compliance_audit_step",
    "compliance_audits",
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
    "month",
    "month_make",
    "month_paper",
    "month_step",
    "months",
    "nonconformities",
    "nonconformity_step",
    "register_file",
    "registers",
    "training_file",
    "training_new",
]
