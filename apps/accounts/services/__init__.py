"""Changes to people and API clients, one file a subject."""

from .beginning import SiteHasBegun, begin_site, recover_admin
from .clients import client_of_key, end_client, hash_key, issue_client, remembered_client, rotate_client
from .departments import close_department, open_department, rename_department
from .invitations import InvitationOver, accept_invitation, hash_token, invite, invited
from .people import (
    LastAdmin,
    add_person,
    change_details,
    change_role,
    create_user,
    deactivate,
    end_sessions,
    reactivate,
    resume,
    suspend,
)
from .second_factors import ask_factor_reset, decide_factor_reset, has_second_factor

__all__ = [
    "InvitationOver",
    "LastAdmin",
    "SiteHasBegun",
    "accept_invitation",
    "add_person",
    "ask_factor_reset",
    "begin_site",
    "change_details",
    "change_role",
    "client_of_key",
    "close_department",
    "create_user",
    "deactivate",
    "decide_factor_reset",
    "end_client",
    "end_sessions",
    "has_second_factor",
    "hash_key",
    "hash_token",
    "invite",
    "invited",
    "issue_client",
    "open_department",
    "reactivate",
    "recover_admin",
    "remembered_client",
    "rename_department",
    "resume",
    "rotate_client",
    "suspend",
]
