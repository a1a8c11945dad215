"""Lists of campaigns and contacts."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Contact

from .models import Campaign


class CampaignTable(tables.Table):
    name = tables.Column(linkify=("campaign", {"pk": tables.A("pk")}), verbose_name=_("name"))
    state = tables.TemplateColumn(template_name="_state.html", verbose_name=_("state"))

    class Meta:
        model = Campaign
        fields = ("name", "code", "kind", "trade", "state", "starts_on", "ends_on")
        orderable = False


class ContactTable(tables.Table):
    phone = tables.Column(linkify=("contact", {"pk": tables.A("pk")}), verbose_name=_("phone"))
    name = tables.Column(verbose_name=_("full name"))
    tags = tables.TemplateColumn(template_name="_tags.html", verbose_name=_("tags"))
    source = tables.Column(verbose_name=_("data source"))
    created_at = tables.DateColumn(verbose_name=_("since"))
    expires_at = tables.DateColumn(verbose_name=_("deleted after"))

    class Meta:
        model = Contact
        fields = ("phone", "name", "tags", "source", "created_at", "expires_at")
        orderable = False
