"""People and API clients: making them, giving roles, checking keys."""

import hashlib
import secrets
from datetime import datetime

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import BadInput, NotAllowed
from apps.core.locks import lock_agent

from .models import ApiClient, Department, User
from .roles import Role

KEY_PREFIX = "hg_"


@transaction.atomic
def create_user(*, username: str, display_name: str, role: str, department: Department, password: str) -> User:
    """A member of staff with one role. Raises ValidationError for a weak password."""
    user = User(username=username, display_name=display_name, role=role, department=department)
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save()
    user.groups.set([Group.objects.get_or_create(name=Role(role).value)[0]])
    return user


@transaction.atomic
def suspend(*, actor: User, agent: User, reason: str) -> User:
    """Take an agent off the telephone at once; the gate refuses from the commit on (R30)."""
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE} or actor.pk == agent.pk:
        raise NotAllowed()
    if not reason.strip():
        raise BadInput(_("Say why the agent is suspended."))
    lock_agent(agent.pk)
    agent.suspended_at, agent.suspended_for = clock.now(), reason.strip()[:200]
    agent.save(update_fields=["suspended_at", "suspended_for"])
    return agent


def hash_key(key: str) -> bytes:
    """Keys are 256 random bits, so one SHA-256 is enough to keep them."""
    return hashlib.sha256(key.encode()).digest()


@transaction.atomic
def issue_client(*, name: str, owner: User, scopes: list[str], ends_at: datetime) -> tuple[ApiClient, str]:
    """The client and its key. The key is returned once and never stored."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    client = ApiClient(name=name, owner=owner, scopes=scopes, ends_at=ends_at, key_hash=hash_key(key))
    client.full_clean()
    client.save()
    return client, key


def client_of_key(key: str, *, at: datetime) -> ApiClient | None:
    """The client that `key` belongs to, when it is in force at `at`."""
    client = ApiClient.objects.filter(key_hash=hash_key(key), is_active=True, ends_at__gt=at).first()
    return client if client and client.owner.is_active else None
