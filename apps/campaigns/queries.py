"""Which campaigns, and through them which contacts, are a person's."""

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.access.field_rights import CAMPAIGN_RIGHTS
from apps.access.rights import in_force, rights_of
from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.database.pages import PAGE, START, PagePlace

from .models import Campaign, CampaignUserPermission, QueueEntry


def campaigns_of(viewer: User) -> QuerySet[Campaign]:
    """The campaigns that the viewer works or runs; all for compliance, none for admins."""
    if not viewer.is_active or viewer.role == Role.ADMIN:
        return Campaign.objects.none()
    if viewer.role == Role.COMPLIANCE:
        return Campaign.objects.all()
    right = CAMPAIGN_RIGHTS[viewer.role]
    granted = CampaignUserPermission.objects.filter(
        user=viewer, content_object=OuterRef("pk"), permission__codename=right
    )
    for_a_while = in_force(clock.now()).filter(beneficiary=viewer, campaign_id=OuterRef("pk"), right=right)
    return Campaign.objects.filter(Exists(granted) | Exists(for_a_while))


def may_see(viewer: User, contact: Contact, field: str, right: str = "view_clear") -> bool:
    """The effective right: on the field, and on a campaign of the contact."""
    return (
        rights_of(viewer).may(f"{Contact._meta.label_lower}.{field}", right)
        and contacts_of(viewer).filter(pk=contact.pk).exists()
    )


def is_foreign(viewer: User, contact: Contact) -> bool:
    """Whether the viewer reaches the contact by no campaign of their own standing: through a
    temporary grant, or, for compliance, because it is in no campaign at all."""
    entries = QueueEntry.objects.filter(contact=contact)
    if viewer.role == Role.COMPLIANCE:
        return not entries.exists()
    standing = CampaignUserPermission.objects.filter(
        user=viewer, permission__codename=CAMPAIGN_RIGHTS[viewer.role]
    )
    return not entries.filter(campaign__in=standing.values("content_object")).exists()


def contacts_of(viewer: User, *, place: PagePlace = START) -> QuerySet[Contact]:
    """Contacts in the viewer's campaigns; compliance sees those in no campaign too. `place`: of the page they
    are for."""
    contacts = Contact.objects.select_related("source")
    if viewer.role == Role.COMPLIANCE and viewer.is_active:
        return contacts
    # The ids, not the question for them: with those known, a page deep in a long list costs what the first
    # one does.
    return contacts.filter(
        is_queued(Q(campaign__in=list(campaigns_of(viewer).values_list("pk", flat=True))), place=place)
    )


def is_queued(where: Q, *, place: PagePlace = START) -> Exists:
    """Whether a contact is in a queue. The place is said of the queue too: PostgreSQL does not conclude it
    from the contact's id, and would read the queue from its end."""
    return Exists(QueueEntry.objects.filter(where, place.beyond("contact"), contact=OuterRef("pk")))


_AMONG_NEXT = """
select count(*) from (select tags from contacts_contact where id {beyond} %s order by id {way} limit %s) next
    where tags @> %s::varchar[]
"""
LOOKED_AT = 5_000


def is_common(tag: str, *, place: PagePlace = START) -> bool:
    """Whether walking through the contacts from there meets the tag often enough to fill a page soon."""
    beyond, way, start = ("<", "desc", 2**63 - 1) if place.down else (">", "asc", 0)
    with connection.cursor() as cursor:
        cursor.execute(_AMONG_NEXT.format(beyond=beyond, way=way), [place.after or start, LOOKED_AT, [tag]])
        return cursor.fetchone()[0] > PAGE


def campaign_for_client(client: ApiClient, code: str) -> Campaign | None:
    """A campaign that the API client may work, by its code."""
    return Campaign.objects.filter(clients=client, code=code).first()
