"""Changes to people and API clients, one file a subject."""

from .clients import client_of_key, end_client, hash_key, issue_client, rotate_client
from .people import LastAdmin, add_person, change_role, create_user, deactivate, end_sessions, reactivate, resume, suspend

__all__ = [
    "LastAdmin",
    "add_person",
    "change_role",
    "client_of_key",
    "create_user",
    "deactivate",
    "end_client",
    "end_sessions",
    "hash_key",
    "issue_client",
    "reactivate",
    "resume",
    "rotate_client",
    "suspend",
]
