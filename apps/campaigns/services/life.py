"""A campaign's life: draft, submitted, approved by compliance, running, paused, ended."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django_fsm import TransitionNotAllowed
from guardian.shortcuts import assign_perm

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.contacts.models import DataSource, Purpose
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.wording import join_clauses
from apps.notifications.services import notify
from apps.policies import queries as policies
from apps.policies.models import TradePack
from apps.scripts.models import ScriptVersion, Voice
from apps.scripts.services import retire_superseded

from ..models import Brand, Campaign, CampaignUserPermission, Line
from ..signals import calling_narrowed

Missing = list[str | Promise]


@transaction.atomic
def create_campaign(*, actor: User, lines: Iterable[Line] = (), **fields: Any) -> Campaign:
    """A draft, run by whoever made it."""
    if actor.role != Role.SUPERVISOR:
        raise NotAllowed()
    campaign = Campaign(created_by=actor, **fields)
    if campaign.trade not in policies.trade_packs(clock.now()):
        raise BadInput(_("There is no pack for this trade. Compliance adds one under policies."))
    _require_in_use(campaign.purpose, campaign.brand)
    campaign.full_clean(exclude=["state"])
    campaign.save()
    campaign.lines.set(lines)
    assign_perm("supervise", actor, campaign)
    return campaign


def _require_in_use(purpose: Purpose, brand: str) -> None:
    if brand and not Brand.objects.filter(name=brand, retired_at__isnull=True).exists():
        raise BadInput(_("There is no brand of this name in use. Compliance records brands."))
    if purpose.retired_at is not None:
        raise BadInput(_("This purpose is no longer used."))


def _locked(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).select_related("filing", "script", "pinned_version").get(pk=campaign.pk)


def what_is_missing(campaign: Campaign, at: datetime | None = None) -> Missing:
    """What has to be there before a campaign is approved, and while it runs. Dates are Shanghai's."""
    at = at or clock.now()
    today = timezone.localdate(at)
    script = campaign.script_in_force
    filing = campaign.filing
    pack = policies.trade_packs(at).get(campaign.trade)
    checks: tuple[tuple[bool, str | Promise], ...] = (
        (filing is None, gettext_lazy("a filing")),
        (
            campaign.filing is not None and not campaign.filing.valid_from <= today <= campaign.filing.valid_until,
            gettext_lazy("a filing in force"),
        ),
        (not _has_usable_line(campaign, today), gettext_lazy("a verified line under a filing in force")),
        (script is None, gettext_lazy("a published script")),
        (
            script is not None and script.expires_at is not None and script.expires_at <= at,
            gettext_lazy("a script whose approval has not expired"),
        ),
        (campaign.script is not None and campaign.script.kind != campaign.kind, gettext_lazy("a script of the same kind of call")),
        (campaign.script is not None and campaign.script.trade != campaign.trade, gettext_lazy("a script of the same trade")),
        (
            not DataSource.objects.filter(purposes=campaign.purpose, state=DataSource.State.APPROVED).exists(),
            gettext_lazy("an approved data source for the purpose"),
        ),
        (campaign.ends_on < today, gettext_lazy("a last day that is not over")),
        (_speaks_unlabelled(campaign), gettext_lazy("a script for a synthetic voice, whose opening says that a machine speaks (R38)")),
        *_trade_checks(campaign, pack),
    )
    return [sentence for is_missing, sentence in checks if is_missing]


def _speaks_unlabelled(campaign: Campaign) -> bool:
    return campaign.voice == Voice.SYNTHETIC and campaign.script is not None and campaign.script.voice != Voice.SYNTHETIC


def _has_usable_line(campaign: Campaign, today: date) -> bool:
    return campaign.lines.filter(state=Line.State.VERIFIED, filing__valid_from__lte=today, filing__valid_until__gte=today).exists()


def _trade_checks(campaign: Campaign, pack: TradePack | None) -> tuple[tuple[bool, str | Promise], ...]:
    """What the trade's pack asks of a marketing campaign (R24-R26)."""
    if campaign.kind != "marketing":
        return ()
    risk = campaign.product_risk
    return (
        (pack is None or not pack.may_market, gettext_lazy("a trade whose pack allows marketing calls (R26)")),
        (
            risk in {"R4", "R5"} or bool(pack and risk > pack.highest_risk),
            gettext_lazy("a product within the risk level that the trade allows (R24)"),
        ),
        (bool(pack and pack.needs_qualification and not campaign.qualification), gettext_lazy("the permit that the trade needs (R26)")),
    )


def _in_words(missing: Missing) -> str:
    return join_clauses(missing)


def _require_whole(campaign: Campaign) -> None:
    """Raises `BadInput` that names what is missing; the caller's transaction undoes what it began."""
    if missing := what_is_missing(campaign):
        raise BadInput(_("Not yet: %(missing)s."), missing=_in_words(missing))


def _move(actor: User, campaign: Campaign, step: Callable[[Campaign], None]) -> Campaign:
    campaign = _locked(campaign)
    if actor.role != Role.COMPLIANCE and not actor.has_perm("supervise", campaign):
        raise NotAllowed()
    try:
        step(campaign)
    except TransitionNotAllowed:
        raise WrongState() from None
    campaign.paused_because = ""
    campaign.save()
    return campaign


@transaction.atomic
def submit_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    """Hand a draft to compliance. `BadInput` names what is missing, before anybody reads it in vain."""
    campaign = _move(actor, campaign, Campaign.submit)
    _require_in_use(campaign.purpose, campaign.brand)
    _require_whole(campaign)
    notify(_compliance(), "campaign_submitted", campaign=campaign.name)
    return campaign


def _compliance() -> Iterable[User]:
    return User.objects.filter(role=Role.COMPLIANCE, is_active=True)


def _for_review(actor: User, campaign: Campaign) -> Campaign:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    campaign = _locked(campaign)
    if campaign.created_by_id == actor.pk:
        raise FourEyes()
    if campaign.state != Campaign.State.SUBMITTED:
        raise WrongState()
    return campaign


@transaction.atomic
def approve_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    """Compliance lets a campaign run. Raises `FourEyes`; `BadInput` names what is missing."""
    campaign = _for_review(actor, campaign)
    _require_in_use(campaign.purpose, campaign.brand)
    _require_whole(campaign)
    campaign.approve()
    campaign.approved_by = actor
    campaign.save()
    return campaign


@transaction.atomic
def send_back_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    """Back to a draft, for its maker to change."""
    campaign = _for_review(actor, campaign)
    campaign.send_back()
    campaign.save()
    return campaign


@transaction.atomic
def run_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    """Start it, or go on after a pause; what was there at approval has to be there still."""
    campaign = _move(actor, campaign, Campaign.run)
    _require_whole(campaign)
    return campaign


@transaction.atomic
def pause_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    """From this commit on the gate refuses every call of the campaign, and what was reserved is withdrawn."""
    return _stopped(_move(actor, campaign, Campaign.pause))


def _stopped(campaign: Campaign) -> Campaign:
    calling_narrowed.send(sender=Campaign, campaign=campaign)
    return campaign


@transaction.atomic
def pin_version(*, actor: User, campaign: Campaign, version: ScriptVersion | None) -> Campaign:
    """Speak this version whatever is published later; None: the script's current one again. Raises `BadInput`."""
    campaign = _locked(campaign)
    if not actor.has_perm("supervise", campaign):
        raise NotAllowed()
    if campaign.state == Campaign.State.ENDED:
        raise WrongState()
    if version and (version.script_id != campaign.script_id or version.state != ScriptVersion.State.PUBLISHED):
        raise BadInput(_("Only a published version of the campaign's own script can be pinned."))
    before, campaign.pinned_version = campaign.pinned_version, version
    campaign.save()
    if before and before != version:
        retire_superseded(before)
    return campaign


def still_speaks(version: ScriptVersion) -> bool:
    """Whether a campaign that has not ended pins the version."""
    return Campaign.objects.filter(pinned_version=version).exclude(state=Campaign.State.ENDED).exists()


@transaction.atomic
def end_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    campaign = _stopped(_move(actor, campaign, Campaign.end))
    if campaign.pinned_version:
        retire_superseded(campaign.pinned_version)
    return campaign


@transaction.atomic
def pause_lapsed(*, at: datetime | None = None) -> list[Campaign]:
    """Pause running campaigns that lost what they stand on, and tell who runs them and compliance.

    The gate refuses their calls already, by its own rules; the pause says so to people.
    """
    paused = []
    running = (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("filing", "script", "pinned_version")
        .filter(state=Campaign.State.RUNNING)
    )
    for campaign in running.order_by("pk"):
        if not (missing := what_is_missing(campaign, at)):
            continue
        campaign.pause()
        with override("zh-hans"):  # stored: the language of the house
            campaign.paused_because = str(_("It lacks %(missing)s.")) % {"missing": _in_words(missing)}
        campaign.save()
        runs_it = CampaignUserPermission.objects.filter(content_object=campaign, permission__codename="supervise").values("user")
        people = [*User.objects.filter(pk__in=runs_it, is_active=True), *_compliance()]
        _stopped(campaign)
        notify(people, "campaign_paused", campaign=campaign.name, because=campaign.paused_because)
        paused.append(campaign)
    return paused
