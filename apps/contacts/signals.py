"""What rooms above may need to know inside the same transaction.

`contacts_stored`: sent for each batch of an import, with `contact_import` and `contact_ids`.
"""

from django.dispatch import Signal

contacts_stored = Signal()
