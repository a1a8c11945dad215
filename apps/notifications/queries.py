"""Reads of the inbox."""

from django.db.models import QuerySet

from apps.accounts.models import User

from .models import Notice


def unread(viewer: User) -> QuerySet[Notice]:
    return Notice.objects.filter(recipient=viewer, read_at__isnull=True)
