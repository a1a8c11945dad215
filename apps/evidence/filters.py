"""Filters of the list of evidence packs."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.quality.models import EvidencePack
from apps.ui.list_tables import ListFilter


class PackFilter(ListFilter):
    kind = django_filters.ChoiceFilter(label=_("About what"), choices=EvidencePack.Kind.choices)
    state = django_filters.ChoiceFilter(label=_("State"), choices=EvidencePack.State.choices)

    class Meta:
        model = EvidencePack
        fields = ("kind", "state")
