"""Number spoofing (改号): a caller number that is none of the campaign's is refused and reported (R21)."""

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.privacy import forbidden_numbers
from apps.core.privacy.masks import mask_phone
from apps.notifications.services import notify

from ..gate.loading import Asked, Loaded
from ..models import SpoofingEvent


def report_spoofing(*, decision_id: int, loaded: Loaded, asked: Asked) -> SpoofingEvent:
    """Keep the attempt; compliance is notified once a day for each number asked for."""
    about = {"line_asked": forbidden_numbers.without(asked.line)[0], "campaign_id": loaded.campaign_id}
    day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    is_first = not SpoofingEvent.objects.filter(created_at__gte=day, **about).exists()
    event = SpoofingEvent.objects.create(
        decision_id=decision_id,
        agent_id=asked.agent_id,
        client_id=asked.client_id,
        created_at=clock.now(),
        **about,
    )
    if is_first:
        notify(
            User.objects.filter(role=Role.COMPLIANCE, is_active=True), "spoofing", line=mask_phone(asked.line)
        )
    return event
