"""A contact held for a change."""

from apps.core.errors import NotFound

from ..models import Contact


def locked_contact(contact_id: int) -> Contact:
    """The row as it is now, locked. Raises `NotFound` when the person was deleted meanwhile."""
    contact = Contact.objects.select_for_update(of=("self",)).filter(pk=contact_id).first()
    if contact is None:
        raise NotFound()
    return contact
