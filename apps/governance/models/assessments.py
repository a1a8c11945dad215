"""Impact assessments (R36; PIPL, articles 55 and 56): of what they are, what they say, who decided."""

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import GuardedCharField, GuardedTextField
from apps.core.web import ids

YEARS_KEPT = 3  # PIPL, article 56


class Assessment(Dated):
    """`description` is what was assessed, as it was then: when the thing reads otherwise, it has to be
    assessed again."""

    NOT_TYPED = ("about_kind", "triggers")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("awaiting a second person")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")

    class Verdict(models.TextChoices):
        ACCEPTABLE = "acceptable", _("may go ahead")
        WITH_MEASURES = "with_measures", _("may go ahead with the measures named")
        NOT_ACCEPTABLE = "not_acceptable", _("may not go ahead")

    about_kind = models.CharField(_("kind"), max_length=8)
    about_id = models.BigIntegerField()
    title = GuardedCharField(_("what is assessed"), max_length=160)
    triggers = ArrayField(models.CharField(max_length=30), verbose_name=_("why it is needed"))
    description: Any = models.JSONField(_("as assessed"), default=dict)
    necessity = GuardedTextField(
        _("Are purpose and means of the processing lawful, legitimate and necessary?"),
        max_length=2000,
        blank=True,
    )
    influence = GuardedTextField(
        _("How does it affect the rights of the persons, and how safe is it?"), max_length=2000, blank=True
    )
    measures = GuardedTextField(
        _("Are the protective measures lawful, effective and in proportion to the risk?"),
        max_length=2000,
        blank=True,
    )
    verdict = models.CharField(_("verdict"), max_length=14, choices=Verdict, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.DRAFT)
    written_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("written by"), related_name="+")
    # everybody who wrote at it: none of them decides
    authors = models.ManyToManyField(User, verbose_name=_("authors"), related_name="+")
    decided_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("decided by"), null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided on"), null=True)
    note = GuardedCharField(_("note of the second person"), max_length=500, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["about_kind", "about_id", "-id"], name="assessment_by_thing")]
        constraints = [
            models.UniqueConstraint(
                fields=["about_kind", "about_id"],
                condition=Q(state__in=["draft", "submitted"]),
                name="assessment_one_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(decided_by=F("written_by")), name="assessment_four_eyes"),
            models.CheckConstraint(
                condition=Q(state="draft")
                | ~Q(necessity="") & ~Q(influence="") & ~Q(measures="") & ~Q(verdict=""),
                name="assessment_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="assessment_decided_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="decided_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["approved", "refused"]),
            ),
            pgtrigger.Trigger(
                name="kept_three_years",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=f"""
                if old.state <> 'draft' and coalesce(old.decided_at, now()) > now() - interval '{YEARS_KEPT} years' then
                    raise exception 'an impact assessment is kept for three years (R36)' using errcode = 'check_violation';
                end if;
                return old;""",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def public_id(self) -> str:
        return ids.encode("as", self.pk)


class Risk(Dated):
    """A line of the risk matrix: how likely, how bad, what is done about it, by whom until when."""

    class Grade(models.IntegerChoices):
        LOW = 1, pgettext_lazy("grade of a risk", "low")
        MEDIUM = 2, pgettext_lazy("grade of a risk", "medium")
        HIGH = 3, pgettext_lazy("grade of a risk", "high")

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="risks")
    threat = GuardedCharField(_("what may happen"), max_length=200)
    likelihood = models.PositiveSmallIntegerField(_("likelihood"), choices=Grade)
    harm = models.PositiveSmallIntegerField(_("harm to the persons"), choices=Grade)
    measure = GuardedCharField(_("measure"), max_length=300, blank=True)
    owner = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("owner"), null=True, blank=True, related_name="+"
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    remaining = models.PositiveSmallIntegerField(_("harm that remains"), choices=Grade)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(threat=""),
                name="risk_says_what",
                violation_error_message=_("Say what may happen."),
            ),
            models.CheckConstraint(
                condition=Q(likelihood__range=(1, 3), harm__range=(1, 3), remaining__range=(1, 3)),
                name="risk_is_graded",
                violation_error_message=_("Grade harm and likelihood from 1 to 3."),
            ),
            models.CheckConstraint(
                condition=Q(measure="") | Q(owner__isnull=False),
                name="risk_measure_has_owner",
                violation_error_message=_("A measure needs an owner."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="of_a_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                if exists (
                    select from governance_assessment
                    where id = coalesce(new.assessment_id, old.assessment_id) and state <> 'draft'
                    and not (tg_op = 'DELETE' and decided_at <= now() - interval '3 years')
                ) then raise exception 'the risks of an assessment that was handed in stay' using errcode = 'check_violation'; end if;
                return coalesce(new, old);""",
            )
        ]
