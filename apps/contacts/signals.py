"""What rooms above may need to know inside the same transaction.

`source_withdrawn`: with
`source`; its contacts may be called no more and are to be erased. `calling_stopped`: with `contact`,
`purpose` (None: every one) and `marketing_only`; reservations for such calls are withdrawn.
`contacts_taken_back`: with `contacts`, filters of calls of the contacts that an import brought and that are
erased again; what is reserved for them is withdrawn.
`erasure_asked`: with `contact`, which another system has deleted; what is known of it is to be erased.
`number_changed`: with `before` and `after`, contacts of one person whose number another system (`client`) has
changed, and `disowned_at`: since when the number before is known to be another person's (None: it is not).
"""

from django.dispatch import Signal

source_withdrawn = Signal()
calling_stopped = Signal()
erasure_asked = Signal()
contacts_taken_back = Signal()
number_changed = Signal()
