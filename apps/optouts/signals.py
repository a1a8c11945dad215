"""`opt_out_recorded`: sent inside the transaction that records an opt-out, with `opt_out` and
`number_index` (the blind index, by which rooms above find their rows of the number)."""

from django.dispatch import Signal

opt_out_recorded = Signal()
