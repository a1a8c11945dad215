"""What rooms above have a say in, inside the transaction that asks.

`version_superseded`: a newer version of the script is published. A receiver that still speaks the
older one answers True, and it stays published; else it is retired.
"""

from django.dispatch import Signal

version_superseded = Signal()
