"""What rooms above may need to know inside the same transaction.

`calling_narrowed`: with those of `campaign`, `line` and `agent` whose calls may no longer be made; what was
reserved is withdrawn.
"""

from django.dispatch import Signal

calling_narrowed = Signal()
