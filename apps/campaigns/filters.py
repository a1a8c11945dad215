"""Filters of the lists of contacts and of campaigns; they stand in the URL, so none of them takes a
number."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.contacts.models import Consent, Contact, DataSource
from apps.core.calendar import clock
from apps.core.database.pages import START, PagePlace
from apps.policies import queries as policies
from apps.ui.list_tables import ListFilter

from .models import CallKind, Campaign
from .queries import campaigns_of, is_common, is_queued

SOON = timedelta(days=30)


class ContactFilter(ListFilter):
    campaign = django_filters.ChoiceFilter(label=_("Campaign"), method="in_campaign")
    source = django_filters.ChoiceFilter(label=_("Data source"))
    tag = django_filters.CharFilter(label=_("Tag"), method="with_tag")
    consent = django_filters.ChoiceFilter(
        label=_("Consent"), method="with_consent",
        choices=[("true", _("valid")), ("false", _("none that is valid")),
        ("ending", _("ends within 30 days"))],
    )  # fmt: skip

    class Meta:
        model = Contact
        fields = ("campaign", "source", "tag", "consent")

    def __init__(self, *args: Any, viewer: User, place: PagePlace = START, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place = place
        # As values, read once: a queryset is asked when the choice is checked and again when it is shown.
        self.filters["campaign"].extra["choices"] = list(
            campaigns_of(viewer).order_by("name").values_list("pk", "name")
        )
        self.filters["source"].extra["choices"] = list(
            DataSource.objects.order_by("name").values_list("pk", "name")
        )

    @property
    def finds_few(self) -> bool:
        tag = self.form.is_valid() and self.form.cleaned_data.get("tag")
        return bool(tag) and not is_common(tag, place=self.place)

    def in_campaign(self, contacts: QuerySet[Contact], name: str, campaign: str) -> QuerySet[Contact]:
        return contacts.filter(is_queued(Q(campaign=campaign), place=self.place))

    def with_tag(self, contacts: QuerySet[Contact], name: str, tag: str) -> QuerySet[Contact]:
        return contacts.filter(tags__contains=[tag])

    def with_consent(self, contacts: QuerySet[Contact], name: str, wanted: str) -> QuerySet[Contact]:
        """`ending`: one that has to be renewed, since none of the same purpose lasts longer."""
        now = clock.now()
        given = Consent.objects.filter(recipient="", withdrawn_at__isnull=True, expires_at__gt=now)
        if wanted == "ending":
            longer = given.filter(
                contact=OuterRef("contact"), purpose=OuterRef("purpose"), expires_at__gt=now + SOON
            )
            given = given.filter(expires_at__lte=now + SOON).exclude(Exists(longer))
        found = Exists(given.filter(contact=OuterRef("pk")))
        return contacts.filter(~found if wanted == "false" else found)


class CampaignFilter(ListFilter):
    name = django_filters.CharFilter(label=_("Name"), lookup_expr="icontains")
    state = django_filters.ChoiceFilter(label=_("State"), choices=Campaign.State.choices)
    kind = django_filters.ChoiceFilter(
        label=pgettext_lazy("script, campaign", "Kind of call"), choices=CallKind.choices
    )
    trade = django_filters.ChoiceFilter(label=_("Trade"), choices=policies.trade_choices)

    class Meta:
        model = Campaign
        fields = ("name", "state", "kind", "trade")
