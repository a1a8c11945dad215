"""`agent_suspended`: sent inside the transaction that takes an agent off the telephone, with `agent`."""

from django.dispatch import Signal

agent_suspended = Signal()
