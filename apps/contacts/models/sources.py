"""Where contacts come from, why that is lawful, and the words that people agreed to there (R2, R3)."""

from datetime import date

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import FileNameField, GuardedCharField, GuardedSlugField, GuardedTextField
from apps.policies.triggers import NEVER_DELETED, RENEWS_TERMS


class Purpose(Dated):
    """What a contact is used for. Consents, sources and campaigns name one (R18)."""

    code = GuardedSlugField(_("code"), max_length=40, unique=True)
    name = GuardedCharField(_("name"), max_length=120)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("recorded by"), null=True, editable=False, related_name="+"
    )
    retired_at = models.DateTimeField(_("no longer used since"), null=True, blank=True, editable=False)

    class Meta:
        triggers = [
            NEVER_DELETED,
            # People agreed to a purpose under its name: another name is another purpose.
            pgtrigger.Protect(
                name="meaning_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__name__df=pgtrigger.F("new__name"))
                | pgtrigger.Q(old__code__df=pgtrigger.F("new__code")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DataSource(Dated):
    """Where contacts come from, and why that is lawful. Nothing is imported before approval."""

    class Origin(models.TextChoices):
        OWN = "own", _("own clients")
        WEB = "web", _("own web form")
        PARTNER = "partner", _("partner under agreement")
        PURCHASED = "purchased", _("purchased")
        SHARED = "shared", _("shared without agreement")

    class State(models.TextChoices):
        DRAFT = "draft", _("awaiting approval")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("data source", "withdrawn")

    NEVER_APPROVED = (Origin.PURCHASED, Origin.SHARED)
    UNDER_AGREEMENT = (Origin.PARTNER,)

    code = GuardedSlugField(_("code"), max_length=40, unique=True)
    name = GuardedCharField(_("name"), max_length=120)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin)
    lawful_basis = GuardedCharField(_("lawful basis"), max_length=200)
    supplier = GuardedCharField(_("supplier"), max_length=120, blank=True)
    agreement = GuardedCharField(_("agreement"), max_length=200, blank=True)
    agreement_file = FileNameField(_("signed agreement"), blank=True, editable=False)
    agreement_sha256 = models.BinaryField(max_length=32, null=True, editable=False)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(
        _("valid until"), null=True, blank=True, help_text=_("the last day; empty: without an end")
    )
    purposes = models.ManyToManyField(Purpose, verbose_name=_("purposes"), related_name="sources")
    consent_days = models.PositiveSmallIntegerField(_("consent holds for days"), default=365)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("recorded by"), related_name="+")
    approved_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("approved by"), null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(_("approved on"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("withdrawn by"), null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("withdrawn on"), null=True, blank=True)
    reason = GuardedCharField(_("why it was refused or withdrawn"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="approved", origin__in=["purchased", "shared"]),
                name="bought_data_is_never_approved",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by__isnull=False),
                name="source_approval_has_approver",
            ),
            models.CheckConstraint(condition=~Q(approved_by=F("recorded_by")), name="source_four_eyes"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="source_ends_after_it_begins",
                violation_error_message=_("The source's last day lies before its first day."),
            ),
            models.CheckConstraint(
                condition=Q(consent_days__gte=1) & Q(consent_days__lte=3650),
                name="consent_days_are_bounded",
                violation_error_message=_("A consent lasts from 1 to 3650 days."),
            ),
        ]
        triggers = [
            NEVER_DELETED,
            RENEWS_TERMS,
            pgtrigger.Protect(
                name="withdrawn_for_good",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="withdrawn", new__state__df="withdrawn"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    @property
    def wording(self) -> "Wording":
        """The words that people agree to now: the newest version that is approved. Raises
        `Wording.DoesNotExist`."""
        approved = [(each.approved_at, each.pk, each) for each in self.wordings.all() if each.approved_at]
        if not approved:
            raise Wording.DoesNotExist
        return max(approved)[2]


class SourcePurpose(DataSource.purposes.through):  # type: ignore[name-defined]
    """A purpose of a source, seen as a table that has a trigger."""

    class Meta:
        proxy = True
        triggers = [RENEWS_TERMS]


class Wording(Dated):
    """A version of the words that people agree to. It never changes: other words are another version."""

    source = models.ForeignKey(DataSource, models.PROTECT, related_name="wordings")
    version = GuardedCharField(pgettext_lazy("label", "version"), max_length=20)
    text = GuardedTextField(_("wording"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "version"], name="wording_version_once"),
            models.CheckConstraint(condition=~Q(approved_by=F("recorded_by")), name="wording_four_eyes"),
            models.CheckConstraint(condition=~Q(text="") & ~Q(version=""), name="wording_says_something"),
        ]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="words_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__text__df=pgtrigger.F("new__text"))
                | pgtrigger.Q(old__version__df=pgtrigger.F("new__version")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source.code} {self.version}"
