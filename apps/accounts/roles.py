"""The four roles. Each is a Django group of this name; a user has one (R22)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    AGENT = "agent", _("Agent")
    SUPERVISOR = "supervisor", _("Supervisor")
    COMPLIANCE = "compliance", _("Compliance officer")
    ADMIN = "admin", _("Administrator")


# They sign in with a second factor, and are given by two people.
SECOND_FACTOR_ROLES = frozenset({Role.COMPLIANCE, Role.ADMIN})
