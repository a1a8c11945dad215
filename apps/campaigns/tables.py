"""Lists of campaigns and contacts."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from apps.access.columns import MaskedColumn
from apps.accounts.models import ApiClient
from apps.contacts.models import Contact
from apps.policies.tables import TradeTable
from apps.ui import columns
from apps.ui.list_tables import ListTable, by

from .models import Campaign


class CampaignTable(TradeTable):
    list_name = "campaigns"
    sortable = by("name", "code", "kind", "trade", "state", "starts_on", "ends_on")

    name = tables.Column(linkify=("campaign", {"pk": tables.A("pk")}), verbose_name=_("name"))
    state = columns.TemplateColumn(template_name="_state.html", verbose_name=_("state"))

    class Meta:
        model = Campaign
        fields = ("name", "code", "kind", "trade", "state", "starts_on", "ends_on")
        orderable = False


# More than two things stand behind their count, so that a row stays a line or two.
_FOLDED = (
    "{%% load wording %%}{%% with all=%s %%}{%% if all|length > 2 %%}<details><summary>{{ all|length "
    "}}</summary>{{ all|join_items }}"
    "</details>{%% else %%}{{ all|join_items }}{%% endif %%}{%% endwith %%}"
)


class ApiClientTable(ListTable):
    list_name = "api_clients"
    sortable = by("name", "ends_at", "last_used_at", "is_active", owner="owner__display_name")

    scopes = columns.TemplateColumn(template_code=_FOLDED % "record.scope_labels", verbose_name=_("scopes"))
    campaigns = columns.TemplateColumn(
        template_code=_FOLDED % "record.campaigns.all", verbose_name=_("campaigns"), empty_values=()
    )
    addresses = columns.TemplateColumn(
        template_code="{{ record.addresses|join:', '|default:'–' }}", verbose_name=_("address ranges")
    )
    actions = columns.TemplateColumn(
        template_name="campaigns/_client_actions.html", verbose_name="", empty_values=()
    )

    class Meta:
        model = ApiClient
        fields = (
            "name",
            "owner",
            "scopes",
            "campaigns",
            "addresses",
            "ends_at",
            "last_used_at",
            "is_active",
            "actions",
        )
        orderable = False


class ContactTable(ListTable):
    list_name = "contacts"
    sortable = by(created_at="pk")

    phone = MaskedColumn(verbose_name=_("phone"), linkify=("contact", {"pk": tables.A("pk")}))
    name = MaskedColumn(verbose_name=_("full name"))
    tags = columns.TagsColumn(verbose_name=_("tags"))
    source = tables.Column(verbose_name=_("data source"))
    created_at = columns.DateColumn(verbose_name=_("since"))
    expires_at = columns.DateColumn(verbose_name=_("deleted after"))

    class Meta:
        model = Contact
        fields = ("phone", "name", "tags", "source", "created_at", "expires_at")
        orderable = False
