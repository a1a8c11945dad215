"""Changes to people and API clients, one file a subject."""

from .beginning import SiteHasBegun, begin_site, recover_admin
from .clients import (
    client_of_key,
    decide_key_request,
    end_client,
    hash_key,
    issue_client,
    remembered_client,
    rotate_client,
)
from .departments import close_department, open_department, rename_department
from .giving_roles import add_person, agree_as_host, change_role, decide_role_request, reactivate
from .invitations import InvitationOver, accept_invitation, hash_token, invite, invited
from .people import LastAdmin, change_details, create_user, deactivate, end_sessions, resume, suspend
from .second_factors import ask_factor_reset, decide_factor_reset, has_second_factor
from .second_person import deciders, open_requests

__all__ = [
    "InvitationOver",
    "LastAdmin",
    "SiteHasBegun",
    "accept_invitation",
    "add_person",
    "agree_as_host",
    "ask_factor_reset",
    "begin_site",
    "change_details",
    "change_role",
    "client_of_key",
    "close_department",
    "create_user",
    "deactivate",
    "decide_factor_reset",
    "decide_key_request",
    "decide_role_request",
    "deciders",
    "end_client",
    "end_sessions",
    "has_second_factor",
    "hash_key",
    "hash_token",
    "invite",
    "invited",
    "issue_client",
    "open_department",
    "open_requests",
    "reactivate",
    "recover_admin",
    "remembered_client",
    "rename_department",
    "resume",
    "rotate_client",
    "suspend",
]
