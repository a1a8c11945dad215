from typing import Any

from django.apps import AppConfig


class _Assessments:
    """The implementation of `access.ports.assessing`, loaded when it is asked."""

    def is_missing(self, about: Any) -> bool:
        from .services.assessing import is_missing

        return is_missing(about)


class GovernanceConfig(AppConfig):
    name = "apps.governance"
    label = "governance"

    def ready(self) -> None:
        from apps.access.ports import assessing
        from apps.core import references
        from apps.core.web import ids
        from apps.retention.checks import no_period_of_its_own

        from .labels import LABELS

        references.register(LABELS)
        ids.register(incident="ic", assessment="as", compliance_audit="au")
        assessing.provide(_Assessments())
        no_period_of_its_own("governance.affectedperson", "it goes with the contact that it names")
        no_period_of_its_own("governance.training", "papers of the organisation about its own people")
        no_period_of_its_own(
            "governance.auditanswer", "papers of the organisation, kept with the report of the audit"
        )
