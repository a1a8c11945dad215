"""Lists of people, rights, grants, findings and review items."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.database.pages import Sort
from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import Finding, PermissionAudit, ReviewItem, TemporaryGrant

THING = "{% load access %}{{ record.what|thing }}"
RIGHT = "{% load access %}{{ record.right|right }}"


class HeldTable(tables.Table):
    person = tables.Column(
        verbose_name=pgettext_lazy("holder of rights", "person"),
        linkify=("person", {"pk": tables.A("person__pk")}),
    )
    what = columns.TemplateColumn(template_code=THING, verbose_name=_("right on"))
    right = columns.TemplateColumn(template_code=RIGHT, verbose_name=_("right"))
    why = columns.TemplateColumn(template_name="access/_why.html", verbose_name=_("why"))
    until = columns.DateTimeColumn(verbose_name=pgettext_lazy("right or share, column", "until"))
    last_used = columns.DateTimeColumn(verbose_name=_("last used"))

    class Meta:
        orderable = False


class GrantTable(ListTable):
    list_name = "grants"
    sortable = by(
        "right",
        "ends_at",
        "state",
        beneficiary="beneficiary__display_name",
        requested_by="requested_by__display_name",
        approved_by="approved_by__display_name",
    )

    what = columns.TemplateColumn(template_code=THING, verbose_name=_("right on"), empty_values=())
    right = columns.TemplateColumn(template_code=RIGHT, verbose_name=_("right"))
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))
    actions = columns.TemplateColumn(
        template_name="access/_grant_actions.html", verbose_name="", empty_values=()
    )

    class Meta:
        model = TemporaryGrant
        fields = (
            "beneficiary",
            "what",
            "right",
            "reason",
            "requested_by",
            "approved_by",
            "ends_at",
            "state",
            "actions",
        )
        orderable = False


class AuditTable(ListTable):
    list_name = "permission_audits"
    sortable = by(created_at="pk")

    created_at = columns.DateTimeColumn(
        verbose_name=_("time"), linkify=("permission_audit", {"pk": tables.A("pk")})
    )
    found = columns.TemplateColumn(
        template_code="{% load access %}{{ record.counts|total }}", verbose_name=_("found"), empty_values=()
    )
    gone = tables.Column(verbose_name=_("gone since the one before"))
    requested_by = tables.Column(
        verbose_name=pgettext_lazy("share, grant, lift, audit", "asked by"), default=_("weekly task")
    )

    class Meta:
        model = PermissionAudit
        fields = ("created_at", "found", "gone", "requested_by")
        orderable = False


class FindingTable(ListTable):
    sortable = by("kind", "due_on", owner="owner__display_name")

    pick = columns.PickColumn()
    severity = columns.TemplateColumn(template_name="access/_severity.html", verbose_name=_("severity"))
    subject = columns.TemplateColumn(
        template_code="{% if record.subject %}<a href=\"{% url 'person' pk=record.subject_id %}\">{{ "
        "record.subject }}</a>"
        "{% else %}{{ record.client|default:'–' }}{% endif %}",
        verbose_name=pgettext_lazy("whom a finding is about", "who"),
        empty_values=(),
    )
    evidence = columns.TemplateColumn(
        template_code="{% load access %}{{ record|evidence }}",
        verbose_name=pgettext_lazy("finding of an audit", "evidence"),
    )
    proposal = columns.TemplateColumn(
        template_name="access/_finding_resolve.html", verbose_name=_("proposal"), empty_values=()
    )
    is_new = columns.TemplateColumn(template_name="access/_new.html", verbose_name=_("since when"))

    class Meta:
        model = Finding
        fields = ("pick", "severity", "kind", "subject", "evidence", "is_new", "owner", "due_on", "proposal")
        orderable = False

    def may_pick(self, record: Finding) -> bool:
        viewer = self.request.user
        return (
            record.state == Finding.State.OPEN
            and viewer.role == Role.ADMIN
            and viewer.pk != record.subject_id
        )


class ReviewItemTable(ListTable):
    list_name = "reviews"
    sortable = by(
        "right",
        "last_used",
        "verdict",
        review="review__name",
        due="review__due_on",
        holder="holder__display_name",
        reviewer="reviewer__display_name",
    )

    pick = columns.PickColumn()
    review = tables.Column(accessor="review__name", verbose_name=pgettext_lazy("of rights", "review"))
    what = columns.TemplateColumn(template_code=THING, verbose_name=_("right on"))
    right = columns.TemplateColumn(template_code=RIGHT, verbose_name=_("right"))
    due = columns.DateColumn(
        accessor="review__due_on", verbose_name=pgettext_lazy("right to confirm", "due on")
    )
    last_used = columns.DateTimeColumn(verbose_name=_("last used"))
    verdict = columns.TemplateColumn(template_name="access/_review_verdict.html", verbose_name=_("verdict"))

    class Meta:
        model = ReviewItem
        fields = ("pick", "review", "due", "holder", "what", "right", "last_used", "reviewer", "verdict")
        orderable = False

    def may_pick(self, record: ReviewItem) -> bool:
        return record.verdict == ReviewItem.Verdict.OPEN and self.request.user.pk == record.reviewer_id


class PeopleTable(ListTable):
    list_name = "people"
    usual = Sort("display_name", "display_name", down=False)
    sortable = by(
        "display_name",
        "username",
        "role",
        "is_active",
        "suspended_at",
        "last_login",
        department="department__name",
    )

    display_name = tables.Column(verbose_name=_("name"), linkify=("person", {"pk": tables.A("pk")}))
    department = tables.Column(verbose_name=_("department"))
    last_login = columns.DateTimeColumn(verbose_name=_("last sign-in"))

    class Meta:
        model = User
        fields = ("display_name", "username", "role", "department", "is_active", "suspended_at", "last_login")
        orderable = False
