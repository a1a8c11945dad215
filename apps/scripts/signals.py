"""What rooms above have a say in, inside the transaction that asks.

`version_superseded`: a newer version of the script is published. A receiver that still speaks the
older one answers True, and it stays published; else it is retired.

`version_withdrawn`: the approval of `version` was withdrawn or has ended; calls that would speak it are not begun.
"""

from django.dispatch import Signal

version_superseded = Signal()
version_withdrawn = Signal()
