"""A campaign's life: draft, submitted, approved by compliance, running, paused, ended."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed
from guardian.shortcuts import assign_perm

from apps.access.ports import assessing
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.contacts.models import DataSource, Purpose
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.notifications.services import notify
from apps.policies import queries as policies
from apps.policies.models import TradePack
from apps.scripts.models import ScriptVersion, Voice
from apps.scripts.services import retire_superseded

from ..lacks import lacks_in_words
from ..models import Brand, Campaign, CampaignUserPermission, Line
from ..signals import calling_narrowed

NEVER_SOLD = frozenset({"R4", "R5"})


@transaction.atomic
def create_campaign(*, actor: User, lines: Iterable[Line] = (), **fields: Any) -> Campaign:
    """A draft, run by whoever made it."""
    if actor.role != Role.SUPERVISOR:
        raise NotAllowed()
    campaign = Campaign(created_by=actor, **fields)
    _require_possible(campaign)
    campaign.full_clean(exclude=["state"])
    campaign.save()
    campaign.lines.set(lines)
    assign_perm("supervise", actor, campaign)
    return campaign


@transaction.atomic
def change_campaign(*, actor: User, campaign: Campaign, lines: Iterable[Line], **fields: Any) -> Campaign:
    """Change a draft. One that was approved, and does not run, becomes a draft again: what it was approved
    with is no more.

    Its code, kind, trade and purpose stay once it was approved, since its calls were made under them. Raises
    `NotAllowed`, `WrongState`, `BadInput`.
    """
    campaign = _locked(campaign)
    if actor.role != Role.SUPERVISOR or not actor.has_perm("supervise", campaign):
        raise NotAllowed()
    if campaign.was_approved and any(
        getattr(campaign, name) != fields.get(name, getattr(campaign, name)) for name in Campaign.STAYS
    ):
        raise BadInput(
            _(
                "Code, kind, trade and purpose of a campaign that was approved stay as they are. Make a new "
                "one."
            )
        )
    if campaign.state != Campaign.State.DRAFT:
        try:
            campaign.reopen()
        except TransitionNotAllowed:
            raise WrongState() from None
        campaign.approved_by = None
    kept = (campaign.purpose, campaign.brand)
    pinned = campaign.pinned_version
    if fields.get("script", campaign.script) != campaign.script:
        campaign.pinned_version = None
    for name, value in fields.items():
        setattr(campaign, name, value)
    if not campaign.was_approved or kept != (campaign.purpose, campaign.brand):
        _require_possible(campaign)
    campaign.paused_because = ""
    campaign.changed_by, campaign.revision = actor, campaign.revision + 1
    campaign.full_clean(exclude=["state"])
    campaign.save()
    campaign.lines.set(lines)
    if pinned and campaign.pinned_version is None:
        retire_superseded(pinned)
    return campaign


def _require_possible(campaign: Campaign) -> None:
    if campaign.trade not in policies.trade_packs(clock.now()):
        raise BadInput(_("There is no pack for this trade. Compliance adds one under policies."))
    _require_in_use(campaign.purpose, campaign.brand)


def _require_in_use(purpose: Purpose, brand: str) -> None:
    if brand and not Brand.objects.filter(name=brand, retired_at__isnull=True).exists():
        raise BadInput(_("There is no brand of this name in use. Compliance records brands."))
    if purpose.retired_at is not None:
        raise BadInput(_("This purpose is no longer used."))


def _locked(campaign: Campaign) -> Campaign:
    return (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("filing", "script", "pinned_version")
        .get(pk=campaign.pk)
    )


def what_is_missing(campaign: Campaign, at: datetime | None = None) -> list[str]:
    """What has to be there before a campaign is approved, and while it runs: codes of `LACKS`. Dates are
    Shanghai's."""
    at = at or clock.now()
    today = timezone.localdate(at)
    script = campaign.script_in_force
    filing = campaign.filing
    pack = policies.trade_packs(at).get(campaign.trade)
    checks = (
        ("filing", filing is None),
        ("filing_in_force", filing is not None and not filing.valid_from <= today <= filing.valid_until),
        ("line", not _has_usable_line(campaign, today)),
        ("script", script is None),
        ("script_in_force", script is not None and script.expires_at is not None and script.expires_at <= at),
        ("script_kind", campaign.script is not None and campaign.script.kind != campaign.kind),
        ("script_trade", campaign.script is not None and campaign.script.trade != campaign.trade),
        (
            "source",
            not DataSource.objects.filter(
                purposes=campaign.purpose, state=DataSource.State.APPROVED
            ).exists(),
        ),
        ("last_day", campaign.ends_on < today),
        ("synthetic_script", _speaks_unlabelled(campaign)),
        *_trade_checks(campaign, pack),
        ("assessment", assessing.provider.is_missing(campaign)),
    )
    return [code for code, is_missing in checks if is_missing]


def _speaks_unlabelled(campaign: Campaign) -> bool:
    return (
        campaign.voice == Voice.SYNTHETIC
        and campaign.script is not None
        and campaign.script.voice != Voice.SYNTHETIC
    )


def _has_usable_line(campaign: Campaign, today: date) -> bool:
    return campaign.lines.filter(
        state=Line.State.VERIFIED, filing__valid_from__lte=today, filing__valid_until__gte=today
    ).exists()


def _trade_checks(campaign: Campaign, pack: TradePack | None) -> tuple[tuple[str, bool], ...]:
    """What the trade's pack asks of a marketing campaign (R24-R26)."""
    if campaign.kind != "marketing":
        return ()
    risk = campaign.product_risk
    return (
        ("trade", pack is None or not pack.may_market),
        ("risk", risk in NEVER_SOLD or bool(pack and risk > pack.highest_risk)),
        ("permit", bool(pack and pack.needs_qualification and not campaign.qualification)),
    )


def _require_whole(campaign: Campaign) -> None:
    """Raises `BadInput` that names what is missing; the caller's transaction undoes what it began."""
    if missing := what_is_missing(campaign):
        raise BadInput(_("Not yet: %(missing)s."), missing=lacks_in_words(missing))


def _move(
    actor: User, campaign: Campaign, step: Callable[[Campaign], None], *, stops: bool = False
) -> Campaign:
    """Who runs the campaign moves it on; compliance, which approves it, only stops it."""
    campaign = _locked(campaign)
    if not (stops and actor.role == Role.COMPLIANCE) and not actor.has_perm("supervise", campaign):
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
    if not campaign.was_approved:  # what uses a purpose or a brand goes on when it is retired
        _require_in_use(campaign.purpose, campaign.brand)
    _require_whole(campaign)
    notify(_compliance(), "campaign_submitted", thing=f"campaign:{campaign.pk}", campaign=campaign.name)
    return campaign


def _compliance() -> Iterable[User]:
    return User.objects.filter(role=Role.COMPLIANCE, is_active=True)


def _for_review(actor: User, campaign: Campaign) -> Campaign:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    campaign = _locked(campaign)
    if actor.pk in (campaign.created_by_id, campaign.changed_by_id):
        raise FourEyes()
    if campaign.state != Campaign.State.SUBMITTED:
        raise WrongState()
    return campaign


@transaction.atomic
def approve_campaign(*, actor: User, campaign: Campaign, revision: int | None = None) -> Campaign:
    """Compliance lets a campaign run. `revision` is the one that was read: another one in the meantime is not
    approved unread.

    Raises `FourEyes`; `BadInput` names what is missing.
    """
    campaign = _for_review(actor, campaign)
    if revision is not None and revision != campaign.revision:
        raise BadInput(_("The campaign was changed since you opened the page. Read it again."))
    if not campaign.was_approved:
        _require_in_use(campaign.purpose, campaign.brand)
    _require_whole(campaign)
    campaign.approve()
    campaign.approved_by, campaign.was_approved = actor, True
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
    return _stopped(_move(actor, campaign, Campaign.pause, stops=True))


def _stopped(campaign: Campaign) -> Campaign:
    calling_narrowed.send(sender=Campaign, campaign=campaign)
    return campaign


@transaction.atomic
def pin_version(*, actor: User, campaign: Campaign, version: ScriptVersion | None) -> Campaign:
    """Speak this version whatever is published later; None: the script's current one again. Raises
    `BadInput`."""
    campaign = _locked(campaign)
    if not actor.has_perm("supervise", campaign):
        raise NotAllowed()
    if campaign.state == Campaign.State.ENDED:
        raise WrongState()
    if version and (
        version.script_id != campaign.script_id or version.state != ScriptVersion.State.PUBLISHED
    ):
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
    campaign = _stopped(_move(actor, campaign, Campaign.end, stops=True))
    if campaign.pinned_version:
        retire_superseded(campaign.pinned_version)
    return campaign


@transaction.atomic
def pause_lapsed(*, at: datetime | None = None, among: Iterable[Campaign] | None = None) -> list[Campaign]:
    """Pause running campaigns that lost what they stand on, all or some of them, and tell who runs them and
    compliance.

    The gate refuses their calls already, by its own rules, but for an assessment that is missing: that is
    asked here.
    """
    paused = []
    running = (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("filing", "script", "pinned_version")
        .filter(state=Campaign.State.RUNNING)
    )
    if among is not None:
        running = running.filter(pk__in=[each.pk for each in among])
    for campaign in running.order_by("pk"):
        if not (missing := what_is_missing(campaign, at)):
            continue
        campaign.pause()
        campaign.paused_because = " ".join(missing)
        campaign.save()
        runs_it = CampaignUserPermission.objects.filter(
            content_object=campaign, permission__codename="supervise"
        ).values("user")
        people = [*User.objects.filter(pk__in=runs_it, is_active=True), *_compliance()]
        _stopped(campaign)
        notify(
            people,
            "campaign_paused",
            thing=f"campaign:{campaign.pk}",
            campaign=campaign.name,
            because=campaign.paused_because,
        )
        paused.append(campaign)
    return paused
