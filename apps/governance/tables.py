"""Lists of incidents and assessments."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import Assessment, Incident


class IncidentTable(ListTable):
    list_name = "incidents"
    sortable = by("kind", "discovered_at", "persons", "state", title="pk")

    title = tables.Column(linkify=("incident", {"pk": tables.A("pk")}), verbose_name=_("in one line"))
    discovered_at = columns.DateTimeColumn(verbose_name=_("discovered"))
    state = columns.TemplateColumn(template_name="governance/_incident_state.html", verbose_name=_("state"))

    class Meta:
        model = Incident
        fields = ("title", "kind", "discovered_at", "persons", "owner", "state")
        orderable = False


class AssessmentTable(ListTable):
    list_name = "assessments"
    sortable = by("state", "verdict", "decided_at", title="pk")

    title = tables.Column(linkify=("assessment", {"pk": tables.A("pk")}), verbose_name=_("what is assessed"))
    decided_at = columns.DateTimeColumn(verbose_name=_("decided on"))
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))

    class Meta:
        model = Assessment
        fields = ("title", "written_by", "verdict", "decided_by", "decided_at", "state")
        orderable = False
