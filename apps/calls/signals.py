"""`client_complained`: sent inside the transaction in which an agent writes that result, with `actor`, `call`
and `note` (protected)."""

from django.dispatch import Signal

client_complained = Signal()
