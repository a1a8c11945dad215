"""A number, once, and how other systems call it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient
from apps.core.database.base_models import Dated, NotBlocked, is_hash
from apps.core.privacy.fields import (
    GuardedArrayField,
    GuardedCharField,
    ProtectedCharField,
    ProtectedTextField,
)
from apps.core.web import ids

from .formers import KNOW_AGE
from .sources import DataSource


class Contact(Dated):
    """One number, once. The number itself is only in `phone`, encrypted; `number_index` finds it."""

    NOT_TYPED = ("zones",)

    phone = ProtectedCharField(_("phone"), kind="phone", max_length=20)
    name = ProtectedCharField(_("full name"), kind="name", max_length=80, null=True, blank=True)
    note = ProtectedTextField(_("note"), kind="text", null=True, blank=True)
    tags = GuardedArrayField(
        models.CharField(max_length=40), verbose_name=_("tags"), default=list, blank=True
    )
    number_index = models.BinaryField(max_length=32, unique=True, editable=False)
    last4_index = models.BinaryField(max_length=32, editable=False, db_index=True)
    zones = ArrayField(models.CharField(max_length=40), verbose_name=_("time zones"), default=list)
    # Sources are never deleted (a trigger sees to that): nothing is checked again for each of a million rows.
    source = models.ForeignKey(
        DataSource,
        models.PROTECT,
        verbose_name=_("data source"),
        related_name="contacts",
        db_constraint=False,
    )
    is_minor = models.BooleanField(
        pgettext_lazy("person under age", "minor"), default=False
    )  # whether a `MinorFlag` is up: what the gate reads
    expires_at = models.DateTimeField(_("deleted after"), db_index=True)
    erasing_at = models.DateTimeField(_("erasure began"), null=True, blank=True, editable=False)
    # Erased but for the number of a call, whose record is kept for 30 days (R34).
    blocked_until = models.DateTimeField(_("record of a call kept until"), null=True, editable=False)

    objects = NotBlocked()
    everyone: ClassVar[models.Manager["Contact"]] = models.Manager()

    class Meta:
        triggers = [KNOW_AGE]
        constraints = [
            models.CheckConstraint(condition=is_hash("number_index"), name="number_index_is_32_bytes"),
            models.CheckConstraint(
                condition=Q(
                    expires_at__lte=F("created_at")
                    + models.Value("366 days", output_field=models.DurationField())
                ),
                name="contact_kept_one_year_at_most",
            ),
            models.CheckConstraint(
                condition=Q(blocked_until__isnull=True)
                | Q(erasing_at__isnull=False, name__isnull=True, note__isnull=True, tags=[], is_minor=False),
                name="blocked_contact_is_a_number",
            ),
        ]
        indexes = [
            models.Index(
                fields=["erasing_at"], condition=Q(erasing_at__isnull=False), name="contact_being_erased"
            ),
            GinIndex(fields=["tags"], name="contact_by_tag"),  # a rare tag among a million
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


class ExternalRef(Dated):
    """What a CRM or an ERP calls a contact. Ids are each system's own: two may use the same one for two
    people."""

    client = models.ForeignKey(ApiClient, models.CASCADE, related_name="+")
    external_id = GuardedCharField(max_length=64)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="external_refs")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "external_id"], name="external_id_once_a_client"),
            models.UniqueConstraint(fields=["client", "contact"], name="contact_once_a_client"),
            models.CheckConstraint(condition=~Q(external_id=""), name="external_id_is_not_empty"),
        ]
