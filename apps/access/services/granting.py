"""Rights for a while: asked for, approved by another person, over when their time is over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers
from apps.core.privacy.free_text import whole_text
from apps.notifications.services import close_notices, notify

from ..field_rights import CAMPAIGN_RIGHTS, FIELD_CODES, NEVER
from ..models import ProtectedField, TemporaryGrant

LONGEST = timedelta(days=30)
DECIDERS = (Role.ADMIN, Role.COMPLIANCE)


@transaction.atomic
def ask_grant(
    *,
    actor: User,
    beneficiary: User,
    right: str,
    reason: str,
    ends_at: datetime | None,
    field: ProtectedField | None = None,
    campaign_id: int | None = None,
    campaign_name: str = "",
) -> TemporaryGrant:
    """Ask for a right on a field or a campaign, for oneself or for somebody. Raises `BadInput`,
    `NotAllowed`."""
    now = clock.now()
    if not beneficiary.is_active or not actor.is_active:
        raise NotAllowed()
    if actor.pk != beneficiary.pk and actor.role == Role.AGENT:
        raise NotAllowed()
    if (field is None) == (campaign_id is None):
        raise BadInput(_("Name either a field or a campaign."))
    possible = FIELD_CODES if field else (CAMPAIGN_RIGHTS.get(beneficiary.role),)
    if right not in possible:
        raise BadInput(_("This right is not one that this person could use there."))
    if right in NEVER.get(beneficiary.role, ()):
        raise NotAllowed(_("This role is never given that right, not for an hour either."))
    if len(reason.strip()) < 4:
        raise BadInput(_("Say what the right is needed for."))
    if forbidden_numbers.find(reason):
        raise PersonalDataFound(
            _("A resident-ID or bank-card number stands in your text. Remove it: it may not be kept (R1).")
        )
    if ends_at is None:
        raise BadInput(_("Say when the grant ends: there is none without an end."))
    if not now < ends_at <= now + LONGEST:
        raise BadInput(_("A grant ends within 30 days, and not in the past."))
    grant = TemporaryGrant.objects.create(
        created_at=now,
        beneficiary=beneficiary,
        field=field,
        campaign_id=campaign_id,
        campaign_name=campaign_name,
        right=right,
        reason=whole_text(reason, 300),
        requested_by=actor,
        ends_at=ends_at,
    )
    notify(
        User.objects.filter(role__in=DECIDERS, is_active=True).exclude(pk=beneficiary.pk),
        "grant_asked",
        about=actor,
        thing=f"grant:{grant.pk}",
    )
    return grant


def _require_decider(actor: User, grant: TemporaryGrant) -> None:
    if actor.role not in DECIDERS or not actor.is_active:
        raise NotAllowed()
    if actor.pk in {grant.requested_by_id, grant.beneficiary_id}:
        raise FourEyes()


@transaction.atomic
def decide_grant(*, actor: User, grant: TemporaryGrant, approve: bool) -> TemporaryGrant:
    """Approve or refuse what another asked for another. Raises `FourEyes`, `NotAllowed`, `WrongState`."""
    grant = TemporaryGrant.objects.select_for_update().get(pk=grant.pk)
    _require_decider(actor, grant)
    now = clock.now()
    if grant.state != TemporaryGrant.State.ASKED or grant.ends_at <= now:
        raise WrongState()
    grant.state = TemporaryGrant.State.APPROVED if approve else TemporaryGrant.State.REFUSED
    grant.approved_by, grant.decided_at = actor, now
    grant.save()
    close_notices("grant_asked", thing=f"grant:{grant.pk}")
    notify([grant.requested_by, grant.beneficiary], "grant_decided", about=None)
    return grant


@transaction.atomic
def end_grant(*, actor: User, grant: TemporaryGrant) -> TemporaryGrant:
    """End a grant before its time: who may decide it, or whose it is."""
    grant = TemporaryGrant.objects.select_for_update().get(pk=grant.pk)
    if actor.pk != grant.beneficiary_id:
        _require_decider(actor, grant)
    if grant.state != TemporaryGrant.State.APPROVED:
        raise WrongState()
    grant.state, grant.ended_at = TemporaryGrant.State.ENDED, clock.now()
    grant.save()
    return grant


def end_grants(*, beneficiary: User, campaign_id: int | None = None) -> int:
    """What somebody was given for a while ends with what it was given for: they left, have another role, or
    were released from the campaign. Returns how many; in the caller's transaction."""
    grants = TemporaryGrant.objects.select_for_update().filter(
        beneficiary=beneficiary, state=TemporaryGrant.State.APPROVED
    )
    if campaign_id is not None:
        grants = grants.filter(campaign_id=campaign_id)
    ended = 0
    for grant in grants:
        grant.state, grant.ended_at = TemporaryGrant.State.ENDED, clock.now()
        grant.save()
        ended += 1
    return ended


@transaction.atomic
def end_lapsed_grants(*, now: datetime | None = None) -> int:
    """Note the end of grants whose time is over; the check ended them already. Returns how many."""
    now = now or clock.now()
    lapsed = list(
        TemporaryGrant.objects.select_for_update(skip_locked=True).filter(
            state=TemporaryGrant.State.APPROVED, ends_at__lte=now
        )
    )
    for grant in lapsed:
        grant.state, grant.ended_at = TemporaryGrant.State.ENDED, grant.ends_at
        grant.save()
    return len(lapsed)
