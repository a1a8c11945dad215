"""What rooms above do, inside the transaction that tells them.

`version_withdrawn`: the approval of `version` was withdrawn or has ended; calls that would speak it are not
begun.
"""

from django.dispatch import Signal

version_withdrawn = Signal()
