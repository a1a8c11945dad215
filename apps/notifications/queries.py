"""Reads of the inbox."""

from apps.accounts.models import User

from .models import Notice


def unread(viewer: User) -> int:
    return Notice.objects.filter(recipient=viewer, read_at__isnull=True).count()
