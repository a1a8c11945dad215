"""Campaigns: made by a supervisor, approved by compliance, run, paused, ended; and their queues."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed
from guardian.shortcuts import assign_perm, remove_perm

from apps.accounts import services as accounts
from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.contacts.models import DataSource
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState

from .models import Campaign, Line


@transaction.atomic
def create_campaign(*, actor: User, lines: Iterable[Line] = (), **fields: Any) -> Campaign:
    """A draft, run by whoever made it."""
    if actor.role != Role.SUPERVISOR:
        raise NotAllowed()
    campaign = Campaign(created_by=actor, **fields)
    campaign.full_clean(exclude=["state"])
    campaign.save()
    campaign.lines.set(lines)
    assign_perm("supervise", actor, campaign)
    return campaign


def _locked(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)


@transaction.atomic
def approve_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    """Compliance lets a campaign run. Raises `FourEyes`; `BadInput` names what is missing."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    campaign = _locked(campaign)
    if campaign.created_by_id == actor.pk:
        raise FourEyes()
    if campaign.state != Campaign.State.DRAFT:
        raise WrongState()
    if missing := what_is_missing(campaign):
        raise BadInput(_("Not yet: %(missing)s."), missing="; ".join(map(str, missing)))
    campaign.approve()
    campaign.approved_by = actor
    campaign.save()
    return campaign


def what_is_missing(campaign: Campaign) -> list[str]:
    """What has to be there before compliance can approve."""
    script = campaign.script_in_force
    checks = (
        (campaign.filing is None, _("a filing")),
        (not campaign.lines.filter(state=Line.State.VERIFIED).exists(), _("a verified line")),
        (script is None, _("an approved script")),
        (campaign.script is not None and campaign.script.kind != campaign.kind, _("a script of the same kind of call")),
        (
            not DataSource.objects.filter(purposes=campaign.purpose, state=DataSource.State.APPROVED).exists(),
            _("an approved data source for the purpose"),
        ),
        (campaign.product_risk in {"R4", "R5"} and campaign.kind == "marketing", _("a product below risk level R4 (R24)")),
    )
    return [sentence for is_missing, sentence in checks if is_missing]


def _move(actor: User, campaign: Campaign, step: Callable[[Campaign], None]) -> Campaign:
    campaign = _locked(campaign)
    if actor.role != Role.COMPLIANCE and not actor.has_perm("supervise", campaign):
        raise NotAllowed()
    try:
        step(campaign)
    except TransitionNotAllowed:
        raise WrongState() from None
    campaign.save()
    return campaign


@transaction.atomic
def run_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    return _move(actor, campaign, Campaign.run)


@transaction.atomic
def pause_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    """From this commit on the gate refuses every call of the campaign."""
    return _move(actor, campaign, Campaign.pause)


@transaction.atomic
def end_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    return _move(actor, campaign, Campaign.end)


@transaction.atomic
def assign_agent(*, actor: User, campaign: Campaign, agent: User) -> None:
    """Let an agent work a campaign. Only who runs the campaign may."""
    if not actor.has_perm("supervise", campaign):
        raise NotAllowed()
    if agent.role != Role.AGENT:
        raise BadInput(_("Only agents work campaigns."))
    assign_perm("work", agent, campaign)


@transaction.atomic
def release_agent(*, actor: User, campaign: Campaign, agent: User) -> None:
    if not actor.has_perm("supervise", campaign):
        raise NotAllowed()
    remove_perm("work", agent, campaign)


@transaction.atomic
def issue_client(*, actor: User, campaigns: Iterable[Campaign], **fields: Any) -> tuple[ApiClient, str]:
    """An API client for these campaigns, and its key, shown once."""
    client, key = accounts.issue_client(actor=actor, **fields)
    client.campaigns.set(campaigns)
    return client, key


def enlist(*, campaign: Campaign, contact_ids: list[int]) -> int:
    """Put contacts into the queue, once each, in the caller's transaction; returns how many were new."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into campaigns_queueentry (created_at, campaign_id, contact_id, priority, state)"
            " select now(), %s, unnest(%s::bigint[]), 0, 'waiting' on conflict (campaign_id, contact_id) do nothing",
            [campaign.pk, contact_ids],
        )
        made: int = cursor.rowcount
    return made
