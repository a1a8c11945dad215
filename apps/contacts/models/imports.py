"""Lists on their way in, and what their columns were taken for before."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.core.database.base_models import Dated, is_hash
from apps.core.privacy.fields import FileNameField, GuardedCharField
from apps.jobs.models import Job

from .sources import DataSource


class ContactList(Dated):
    """A list that contacts are put on. What it is for hangs on it above: a campaign has one and fills its
    queue from it (`contacts.ports.listing`)."""

    IN_TRAIL = False


class ContactImport(Dated):
    """One file on its way in. The upload is kept encrypted, and only until the import is over.

    `layout` says how the upload is to be read (`core.documents.spreadsheets.Layout`); `digest` is a keyed
    hash of the file: the same one runs once at a time. `stored_rows` is how far it came, in the transaction
    of those rows. Its new contacts are those between `first_id` and `last_id` that were made at the time of
    its job.
    """

    class State(models.TextChoices):
        PREVIEW = "preview", _("to be confirmed")
        CONFIRMED = "confirmed", _("confirmed")
        DONE = "done", pgettext_lazy("job, run, import", "done")
        TAKEN_BACK = "taken_back", _("taken back")

    source = models.ForeignKey(DataSource, models.PROTECT, related_name="imports")
    contact_list = models.ForeignKey(ContactList, models.PROTECT, null=True, related_name="imports")
    file_name = GuardedCharField(max_length=200)
    upload = FileNameField()
    report = FileNameField(blank=True)
    layout = models.JSONField(default=dict)
    digest = models.BinaryField(max_length=32, null=True, editable=False)
    mapping = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    consented = models.PositiveIntegerField(default=0)
    # contacts whose consent was withdrawn after the time in the list
    withdrawn = models.PositiveIntegerField(default=0, db_default=0)
    stored_rows = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.PREVIEW)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    first_id = models.BigIntegerField(null=True)  # of the ids that were drawn for its new contacts
    last_id = models.BigIntegerField(null=True)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    # refused rows that were taken in by a correction
    corrected_rows = ArrayField(models.PositiveIntegerField(), default=list)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="contact_import")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["digest"], condition=models.Q(state="confirmed"), name="one_running_import_of_a_file"
            ),
            models.CheckConstraint(
                condition=models.Q(digest__isnull=True) | is_hash("digest"), name="import_digest_is_32_bytes"
            ),
        ]

    @property
    def upload_belongs_to(self) -> str:
        return "contact_import:upload"

    @property
    def report_belongs_to(self) -> str:
        return "contact_import:report"


class MetContact(models.Model):
    """A contact that an import met and that was known before: taking another import back leaves it. Kept
    while that can be done."""

    IN_TRAIL = False

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="met")
    contact = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "contact_import"], name="contact_met_once_an_import")
        ]


class ColumnMapping(Dated):
    """What the columns of a source's lists were taken for the last time that they had these headings."""

    source = models.ForeignKey(DataSource, models.CASCADE, related_name="mappings")
    heading = models.JSONField()  # the headings, plain, in order
    mapping = models.JSONField()  # {meaning: place}
    saved_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "heading"], name="one_mapping_a_heading")]
