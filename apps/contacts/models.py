"""The people who may be called: a number, a name, tags and a note, and nothing else (R1).

Where they come from (R3) and what they agreed to (R2) are rows of their own.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core import ids
from apps.core.fields import FileNameField, ProtectedCharField, ProtectedTextField
from apps.core.models import Dated, is_hash
from apps.jobs.models import Job
from apps.policies.triggers import RENEWS_TERMS


class Purpose(Dated):
    """What a contact is used for. Consents, sources and campaigns name one (R18)."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)

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
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    NEVER_APPROVED = (Origin.PURCHASED, Origin.SHARED)

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin)
    lawful_basis = models.CharField(_("lawful basis"), max_length=200)
    supplier = models.CharField(_("supplier"), max_length=120, blank=True)
    agreement = models.CharField(_("agreement"), max_length=200, blank=True)
    purposes = models.ManyToManyField(Purpose, verbose_name=_("purposes"), related_name="sources")
    consent_wording = models.TextField(_("wording of the consent"))
    wording_version = models.CharField(_("version of the wording"), max_length=20, default="1")
    consent_days = models.PositiveSmallIntegerField(_("consent holds for days"), default=365)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("recorded by"), related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("approved by"), null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="approved", origin__in=["purchased", "shared"]), name="bought_data_is_never_approved"
            ),
            models.CheckConstraint(condition=~Q(state="approved") | Q(approved_by__isnull=False), name="source_approval_has_approver"),
            models.CheckConstraint(condition=~Q(approved_by=F("recorded_by")), name="source_four_eyes"),
        ]
        triggers = [RENEWS_TERMS]

    def __str__(self) -> str:
        return self.name


class SourcePurpose(DataSource.purposes.through):  # type: ignore[name-defined]
    """A purpose of a source, seen as a table that has a trigger."""

    class Meta:
        proxy = True
        triggers = [RENEWS_TERMS]


class Contact(Dated):
    """One number, once. The number itself is only in `phone`, encrypted; `number_index` finds it."""

    phone = ProtectedCharField(_("phone"), kind="phone", max_length=20)
    name = ProtectedCharField(_("full name"), kind="name", max_length=80, null=True, blank=True)
    note = ProtectedTextField(_("note"), kind="text", null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=40), verbose_name=_("tags"), default=list, blank=True)
    number_index = models.BinaryField(max_length=32, unique=True, editable=False)
    last4_index = models.BinaryField(max_length=32, editable=False, db_index=True)
    zones = ArrayField(models.CharField(max_length=40), verbose_name=_("time zones"), default=list)
    source = models.ForeignKey(DataSource, models.PROTECT, verbose_name=_("data source"), related_name="contacts")
    is_minor = models.BooleanField(_("minor"), default=False)
    minor_reason = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField(_("deleted after"), db_index=True)
    erasing_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=is_hash("number_index"), name="number_index_is_32_bytes"),
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("created_at") + models.Value("366 days", output_field=models.DurationField())),
                name="contact_kept_one_year_at_most",
            ),
        ]

    PROTECTED = ("phone", "name", "note")

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.encode("ct", self.pk)

    @classmethod
    def label_of(cls, field: str) -> str:
        """What a field is called on pages."""
        return str(getattr(cls._meta.get_field(field), "verbose_name", field))


class Consent(Dated):
    """What a person agreed to: purpose, way, time, wording, evidence, end, withdrawal (R2)."""

    class Channel(models.TextChoices):
        WEB = "web", _("ticked on a web form")
        VOICE = "voice", _("confirmed by voice")
        PAPER = "paper", _("on paper")
        CRM = "crm", _("recorded in a CRM")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="consents")
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=6, choices=Channel)
    given_at = models.DateTimeField()
    wording_version = models.CharField(max_length=20)
    evidence = models.CharField(max_length=200)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "purpose", "given_at"], name="consent_once"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("given_at")), name="consent_ends_after_it_begins"),
        ]


class ContactImport(Dated):
    """One file on its way in. The upload is kept sealed, and only until the import is over."""

    class State(models.TextChoices):
        PREVIEW = "preview", _("to be confirmed")
        CONFIRMED = "confirmed", _("confirmed")

    source = models.ForeignKey(DataSource, models.PROTECT, related_name="imports")
    list_code = models.CharField(max_length=40, blank=True)
    file_name = models.CharField(max_length=200)
    upload = FileNameField()
    report = FileNameField(blank=True)
    mapping = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    consented = models.PositiveIntegerField(default=0)
    stored_rows = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.PREVIEW)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="contact_import")
