"""Changes to people and API clients, one file a subject."""

from .clients import client_of_key, end_client, hash_key, issue_client, rotate_client
from .lists import choose_columns, forget_filter, plain_query, save_filter
from .people import LastAdmin, add_person, change_role, create_user, deactivate, end_sessions, reactivate, resume, suspend

__all__ = [
    "LastAdmin",
    "add_person",
    "change_role",
    "choose_columns",
    "client_of_key",
    "create_user",
    "deactivate",
    "end_client",
    "end_sessions",
    "forget_filter",
    "hash_key",
    "issue_client",
    "plain_query",
    "reactivate",
    "resume",
    "rotate_client",
    "save_filter",
    "suspend",
]
