"""What a campaign lacks, each with the way to it for this viewer, or who may go it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.wording import join_items

from .. import services
from ..lacks import LACKS
from ..models import Campaign

CHANGE = _("Change the campaign")
# Where a new one is made, for what the campaign's own form cannot repair alone.
MADE_AT: Mapping[str, tuple[str, Promise]] = {
    "filing": ("filing_new", _("Record a filing")),
    "filing_in_force": ("filing_new", _("Record a filing")),
    "line": ("lines", _("Lines")),
    "script": ("script_new", _("Write a script")),
    "script_in_force": ("scripts", _("Scripts")),
    "source": ("source_new", _("Record a data source")),
    "trade": ("policies", _("Policies")),
    "assessment": ("assessment_new", _("Write the impact assessment")),
}
OF_OTHERS = frozenset({"source", "trade", "assessment"})  # nothing to choose in the campaign's form


@dataclass(frozen=True)
class Lack:
    sentence: Promise
    links: tuple[tuple[Promise, str], ...]
    who: str  # roles that can help, where the viewer has no way


def lacks_of(viewer: User, campaign: Campaign) -> list[Lack]:
    if campaign.state == Campaign.State.ENDED:
        return []
    may_change = may_be_changed(viewer, campaign)
    return [_lack(code, viewer, campaign, may_change) for code in services.what_is_missing(campaign)]


def may_be_changed(viewer: User, campaign: Campaign) -> bool:
    states = {Campaign.State.DRAFT, Campaign.State.APPROVED, Campaign.State.PAUSED}
    return (
        campaign.state in states and viewer.role == Role.SUPERVISOR and viewer.has_perm("supervise", campaign)
    )


def _lack(code: str, viewer: User, campaign: Campaign, may_change: bool) -> Lack:
    links: list[tuple[Promise, str]] = []
    helpers: frozenset[str] = frozenset() if code in OF_OTHERS else frozenset({Role.SUPERVISOR})
    if may_change and code not in OF_OTHERS:
        links.append((CHANGE, reverse("campaign_edit", kwargs={"pk": campaign.pk})))
    if code in MADE_AT:
        name, label = MADE_AT[code]
        address = reverse(name)
        roles: frozenset[str] = getattr(resolve(address).func, "roles", frozenset())
        helpers |= roles
        if viewer.role in roles:
            links.append(
                (label, f"{address}?about={campaign.public_id}" if code == "assessment" else address)
            )
    who = "" if links else join_items(label for role, label in Role.choices if role in helpers)
    return Lack(LACKS[code], tuple(links), who)
