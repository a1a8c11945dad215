"""What a person has said of their consents and age: it outlives the rows, or a list would bring them back
(R2, R20, R25)."""

import pgtrigger
from django.db import models
from django.db.models import Q

from apps.core.database.base_models import Dated, is_hash

from .sources import Purpose

KNOWN_BEFORE = "known from before the deletion"
TAKEN_BACK = "import taken back"  # by whoever brought the consent; the person said nothing


class FormerWord(Dated):
    """That consents given before `at` do not count any more: to one purpose and recipient, or, without a
    purpose, to any. Or that a person is under age.

    Kept by the hash of the number. Written with each withdrawal, also where no consent is open, when a
    request to delete is carried out, and by triggers when consents and flags are deleted; compliance's
    lifting of a new flag takes the age away.
    """

    IN_TRAIL = False
    NOT_TYPED = ("recipient",)

    number_index = models.BinaryField(max_length=32)
    purpose = models.ForeignKey(Purpose, models.PROTECT, null=True, related_name="+")
    recipient = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    is_minor = models.BooleanField(default=False)
    # written into the ledger outside the database as it is now, so that no restore forgets it (R9)
    in_ledger = models.BooleanField(default=False, db_default=False)

    class Meta:
        triggers = [
            pgtrigger.Trigger(
                name="moved_on",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("new.at <> old.at or new.number_index <> old.number_index"),
                func="new.in_ledger := false; return new;",
            )
        ]
        indexes = [models.Index(fields=["id"], condition=Q(in_ledger=False), name="word_not_in_ledger")]
        constraints = [
            models.CheckConstraint(condition=is_hash("number_index"), name="former_word_hash_is_32_bytes"),
            models.UniqueConstraint(
                fields=["number_index", "purpose", "recipient", "is_minor"],
                name="former_word_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(is_minor=False) | Q(purpose__isnull=True, recipient=""),
                name="former_age_is_of_no_purpose",
            ),
        ]


KEEP_WITHDRAWALS = pgtrigger.Trigger(
    name="keep_withdrawals",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    referencing=pgtrigger.Referencing(old="gone"),
    func="""
        insert into contacts_formerword (created_at, number_index, purpose_id, recipient, at, is_minor)
        select now(), contact.number_index, gone.purpose_id, gone.recipient, max(gone.withdrawn_at), false
        from gone join contacts_contact contact on contact.id = gone.contact_id
        where gone.withdrawn_at is not null and gone.withdrawal <> 'TAKEN_BACK'
        group by contact.number_index, gone.purpose_id, gone.recipient
        on conflict (number_index, purpose_id, recipient, is_minor)
        do update set at = greatest(contacts_formerword.at, excluded.at);
        return null;
    """.replace("TAKEN_BACK", TAKEN_BACK),
)
KEEP_AGE = pgtrigger.Trigger(
    name="keep_age",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    referencing=pgtrigger.Referencing(old="gone"),
    func="""
        insert into contacts_formerword (created_at, number_index, recipient, at, is_minor)
        select now(), contact.number_index, '', max(gone.created_at), true
        from gone join contacts_contact contact on contact.id = gone.contact_id
        where gone.lifted_at is null
        group by contact.number_index
        on conflict (number_index, purpose_id, recipient, is_minor) do nothing;
        return null;
    """,
)
KNOW_AGE = pgtrigger.Trigger(
    name="know_age",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="added"),
    func="""
        with minors as (
            select added.id from added join contacts_formerword former
            on former.number_index = added.number_index and former.is_minor
        ), flagged as (
            insert into contacts_minorflag (created_at, contact_id, reason, evidence, evidence_file)
            select now(), id, 'REASON', '', '' from minors
        )
        update contacts_contact contact set is_minor = true from minors where contact.id = minors.id;
        return null;
    """.replace("REASON", KNOWN_BEFORE),
)
