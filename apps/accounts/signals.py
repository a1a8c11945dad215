"""Sent inside the transaction in which somebody's rights to call end.

`agent_suspended`: an agent is taken off the telephone, with `agent`.
`calling_ended`: with `agent` or `client`, whose reserved calls may no longer be made: suspended, deactivated,
in another role, ended.
`role_left`: with `user`, who was deactivated or has another role.
"""

from django.dispatch import Signal

agent_suspended = Signal()
calling_ended = Signal()
role_left = Signal()
