"""Which version is in force."""

from datetime import datetime

from .models import CallingPolicy, RetentionPolicy


def calling_policy(at: datetime) -> CallingPolicy:
    return CallingPolicy.objects.filter(in_force_from__lte=at).latest()


def retention_policy(at: datetime) -> RetentionPolicy:
    return RetentionPolicy.objects.filter(in_force_from__lte=at).latest()
