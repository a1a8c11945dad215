"""`opt_outs_recorded`: sent inside the transaction that records refusals, with `opt_outs`, which have one scope,
and `number_indexes` (the blind indexes, by which rooms above find their rows of the numbers)."""

from django.dispatch import Signal

opt_outs_recorded = Signal()
