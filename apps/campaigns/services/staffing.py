"""Who and what works a campaign: agents, API clients, contacts in its queue."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, remove_perm

from apps.access.services import end_grants
from apps.accounts import services as accounts
from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.contacts.models import ContactList
from apps.core.calendar import clock
from apps.core.database.locks import lock_agent
from apps.core.errors import BadInput, NotAllowed

from ..models import Campaign
from ..signals import calling_narrowed
from .life import pause_lapsed


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
    lock_agent(agent.pk)
    remove_perm("work", agent, campaign)
    end_grants(beneficiary=agent, campaign_id=campaign.pk)
    calling_narrowed.send(sender=Campaign, campaign=campaign, agent=agent)


@transaction.atomic
def issue_client(*, actor: User, campaigns: Iterable[Campaign], **fields: Any) -> tuple[ApiClient, str]:
    """An API client for these campaigns, and its key, shown once."""
    client, key = accounts.issue_client(actor=actor, **fields)
    client.campaigns.set(campaigns)
    pause_lapsed(among=campaigns)  # another recipient may be what no assessment knows (R36)
    return client, key


@transaction.atomic
def contact_list_of(campaign: Campaign) -> ContactList:
    """The list whose contacts are the campaign's; made when the first of them come."""
    if campaign.contact_list is not None:
        return campaign.contact_list
    locked = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if locked.contact_list is None:
        locked.contact_list = ContactList.objects.create(created_at=clock.now())
        Campaign.objects.filter(pk=campaign.pk).update(contact_list=locked.contact_list)
    return locked.contact_list


def enlist(*, campaign: Campaign, contact_ids: list[int]) -> int:
    """Put contacts into the queue, once each, in the caller's transaction; returns how many were new."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into campaigns_queueentry (created_at, campaign_id, contact_id, priority, state)"
            " select %s, %s, id, 0, 'waiting' from contacts_contact where id = any(%s::bigint[]) and "
            "erasing_at is null"
            " on conflict (campaign_id, contact_id) do nothing",
            [clock.now(), campaign.pk, contact_ids],
        )
        made: int = cursor.rowcount
    return made
