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
        from apps.retention.checks import goes_with

        from .labels import LABELS

        references.register(LABELS)
        ids.register(incident="ic", assessment="as")
        assessing.provide(_Assessments())
        goes_with("governance.affectedperson", "the contact that it names")
