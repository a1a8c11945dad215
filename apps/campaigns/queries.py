"""Which campaigns, and through them which contacts, are a person's."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.contacts.models import Contact

from .models import Campaign, CampaignUserPermission, QueueEntry

RIGHT_OF_ROLE = {Role.AGENT: "work", Role.SUPERVISOR: "supervise"}


def campaigns_of(viewer: User) -> QuerySet[Campaign]:
    """The campaigns that the viewer works or runs; all for compliance, none for admins."""
    if not viewer.is_active or viewer.role == Role.ADMIN:
        return Campaign.objects.none()
    if viewer.role == Role.COMPLIANCE:
        return Campaign.objects.all()
    granted = CampaignUserPermission.objects.filter(
        user=viewer, content_object=OuterRef("pk"), permission__codename=RIGHT_OF_ROLE[Role(viewer.role)]
    )
    return Campaign.objects.filter(Exists(granted))


def contacts_of(viewer: User) -> QuerySet[Contact]:
    """Contacts in the viewer's campaigns; compliance sees those in no campaign too."""
    contacts = Contact.objects.select_related("source")
    if viewer.role == Role.COMPLIANCE and viewer.is_active:
        return contacts
    mine = Q(campaign__in=campaigns_of(viewer), contact=OuterRef("pk"))
    return contacts.filter(Exists(QueueEntry.objects.filter(mine)))


def campaign_for_client(client: ApiClient, code: str) -> Campaign | None:
    """A campaign that the API client may work, by its code."""
    return Campaign.objects.filter(clients=client, code=code).first()
