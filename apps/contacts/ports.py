"""What lists of contacts are for, which rooms above know; `campaigns` provides it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from apps.accounts.models import ApiClient
from apps.core.ports import Port

from .models import ContactList


class Listing(Protocol):
    """Each in the caller's transaction."""

    def list_for(self, client: ApiClient, code: str) -> ContactList:
        """The list that a program calls so. Raises `NotFound` for one that is not its own."""

    def join(self, contact_list: ContactList, contact_ids: Sequence[int]) -> None:
        """Contacts are on the list from now on; some may have been before."""

    def leave(self, contact_list: ContactList, contacts: Any, since: datetime) -> None:
        """What brought the contacts (ids, as a query) at `since` or later was taken back."""


listing: Port[Listing] = Port("contacts.listing")
