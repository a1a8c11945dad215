"""`opt_outs_recorded`: sent inside the transaction that records refusals, with `opt_outs`, which have one scope,
and `number_indexes` (the blind indexes, by which rooms above find their rows of the numbers).

`number_disowned`: sent inside the transaction that takes in a message whose sender says that the number is another person's, with
`number_index`, `reference` (the message) and `client`.
"""

from django.dispatch import Signal

opt_outs_recorded = Signal()
number_disowned = Signal()
