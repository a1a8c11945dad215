"""Training of the people who handle personal information (PIPL, article 51): when, about what, with which
paper."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import FileNameField, GuardedCharField
from apps.policies.triggers import NEVER_DELETED


class Training(Dated):
    """One training of some people; recorded by an officer or an admin, never ahead."""

    title = GuardedCharField(_("what it was about"), max_length=160)
    held_on = models.DateField(_("held on"))
    people = models.ManyToManyField(User, verbose_name=_("who took part"), related_name="trainings")
    file = FileNameField(_("list of participants or certificate"))
    file_sha256 = models.BinaryField(max_length=32)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("recorded by"), related_name="+")

    class Meta:
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title="") & ~Q(file=""), name="training_is_proved")
        ]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return self.title
