"""After an import: refused rows are corrected and imported again, or the whole of it is taken back within a
day."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.calendar import clock
from apps.core.crypto import streams
from apps.core.database.locks import wait_for_decisions
from apps.core.errors import BadInput, NotAllowed, WrongState

from .. import rules, signals
from ..models import Consent, Contact, ContactImport, MetContact
from ..models.formers import TAKEN_BACK
from ..ports import listing
from .importing import TAKEN_BACK_WITHIN, check_source, import_now

CORRECTED_AT_ONCE = 25  # rows on a page
CORRECTABLE = ("phone_missing", "phone_invalid", "unreadable", "resident_id_found", "bank_card_found")
FIELDS = ("phone", "name", "note", "tags", "consent_channel", "consent_time")


class TooLate(WrongState):
    code = "too_late"
    sentence = _(
        "An import can be taken back for a day. Have single contacts erased, or withdraw the source."
    )


def refused_rows(contact_import: ContactImport) -> Iterator[tuple[int, str]]:
    """Row and sentence of each row that was refused for what stands in it, or taken in without the consent
    that it gives, and not corrected yet."""
    corrected = set(contact_import.corrected_rows)
    with streams.DecryptedFile(contact_import.report, belongs_to=contact_import.report_belongs_to) as file:
        for line in io.BufferedReader(file):
            row = json.loads(line)
            if (row["status"] in CORRECTABLE or row.get("doubtful")) and row["row"] not in corrected:
                yield row["row"], row["message"]


def correct_rows(
    *, actor: User, contact_import: ContactImport, rows: dict[int, dict[str, str]]
) -> list[tuple[int, str, str]]:
    """Import refused rows again with what was typed for them (`FIELDS`), by the same path as any list.

    Returns row, status and sentence of each, by its number in the first file. Raises `BadInput`,
    `NotAllowed`, `WrongState`.
    """
    _check_may_change(actor, contact_import)
    if contact_import.state != ContactImport.State.DONE:
        raise WrongState()
    waiting = dict(refused_rows(contact_import))
    if not rows or not rows.keys() <= waiting.keys() or len(rows) > CORRECTED_AT_ONCE:
        raise BadInput(_("Fill in at least one of the rows that were refused."))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    writer.writerows([values.get(name, "") for name in FIELDS] for values in rows.values())
    made = import_now(
        actor=actor, source=contact_import.source, file_name=f"{contact_import.file_name[:180]} +{len(rows)}",
        file=out.getvalue().encode(), contact_list=contact_import.contact_list,
        corrects=contact_import, mapping={name: place for place, name in enumerate(FIELDS)},
    )  # fmt: skip
    lines = _lines(made, list(rows))
    with transaction.atomic():
        first = ContactImport.objects.select_for_update(of=("self",)).get(pk=contact_import.pk)
        taken_in = {
            line["row"]
            for line in lines
            if line["status"] in (rules.ACCEPTED, "duplicate_in_file") and "doubtful" not in line
        }
        first.corrected_rows = sorted({*first.corrected_rows, *taken_in})
        first.save(update_fields=["corrected_rows"])
    return [(line["row"], line["status"], line["message"]) for line in lines]


def _lines(made: ContactImport, rows: list[int]) -> list[dict[str, Any]]:
    """The report of a correction, by the rows of the first file."""
    with streams.DecryptedFile(made.report, belongs_to=made.report_belongs_to) as file:
        lines = [json.loads(line) for line in io.BufferedReader(file)]
    return [line | {"row": rows[line["row"] - 2]} for line in lines]


def _check_may_change(actor: User, contact_import: ContactImport) -> None:
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE} or contact_import.started_by_id != actor.pk:
        raise NotAllowed()
    check_source(contact_import.source)


def may_have_refused(contact_import: ContactImport) -> bool:
    """Whether `refused_rows` may find any, without reading the report."""
    accepted = contact_import.counts.get(rules.ACCEPTED, 0)
    gives_consent = bool({"consent_channel", "consent_time"} & contact_import.mapping.keys())
    lacks_some = gives_consent and contact_import.consented + contact_import.withdrawn < accepted
    return contact_import.state == ContactImport.State.DONE and (
        lacks_some or any(contact_import.counts.get(status) for status in CORRECTABLE)
    )


def can_be_taken_back(contact_import: ContactImport) -> bool:
    job = contact_import.job
    done = contact_import.state == ContactImport.State.DONE
    return bool(done and job and job.ended_at and clock.now() < job.ended_at + TAKEN_BACK_WITHIN)


@transaction.atomic
def take_back(*, actor: User, contact_import: ContactImport) -> int:
    """Undo an import and its corrections: their new contacts are erased by the purge, consents that they
    brought end, and known ones leave the queues that they came into by it.

    Contacts that were known before, or that another list or system brought since, stay; a name, note or tag
    that the list gave them stays too. Returns how many contacts are erased. From this commit on the gate
    refuses them, reservations included. Raises `NotAllowed`, `TooLate`, `WrongState`.
    """
    locked = (
        ContactImport.objects.select_for_update(of=("self",)).select_related("job").get(pk=contact_import.pk)
    )
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE} or locked.started_by_id != actor.pk:
        raise NotAllowed()
    if locked.state != ContactImport.State.DONE:
        raise WrongState()
    if not can_be_taken_back(locked):
        raise TooLate()
    corrections = locked.corrections.filter(state=ContactImport.State.DONE).select_related("job")
    count = sum(_take_back(each) for each in [locked, *corrections])
    record_access(
        kind=AccessEvent.Kind.IMPORTED,
        subject=f"contact_import:{locked.pk}",
        count=count,
        purpose=TAKEN_BACK,
        actor=actor,
    )
    return count


def _take_back(contact_import: ContactImport) -> int:
    now, made = clock.now(), Contact.objects.filter(**new_contacts(contact_import))
    known_elsewhere = MetContact.objects.exclude(
        contact_import__state=ContactImport.State.TAKEN_BACK
    ).exclude(
        contact_import__in=[contact_import.pk, *contact_import.corrections.values_list("pk", flat=True)]
    )
    brought_by = f"contact_import:{contact_import.pk}"
    by_hand_since = Consent.objects.filter(contact=OuterRef("pk")).exclude(evidence=brought_by)
    stays = made.filter(
        Q(pk__in=known_elsewhere.values("contact")) | Q(external_refs__isnull=False) | Exists(by_hand_since)
    ).values("pk")
    erased = made.filter(erasing_at__isnull=True).exclude(pk__in=stays)
    evidence = brought_by
    brought = Consent.objects.filter(evidence=evidence, withdrawn_at__isnull=True)
    brought.exclude(contact__in=erased).update(withdrawn_at=now, withdrawal=TAKEN_BACK)
    count = erased.update(erasing_at=now)
    of_new = {f"contact__{name}": value for name, value in new_contacts(contact_import).items()} | {
        "contact__erasing_at": now
    }
    # under way are some that still saw the contacts: what they reserved is withdrawn with the rest
    wait_for_decisions()
    signals.contacts_taken_back.send(sender=ContactImport, contacts=of_new)
    of_known = Consent.objects.filter(evidence=evidence, withdrawn_at=now, withdrawal=TAKEN_BACK).values(
        "contact"
    )
    signals.contacts_taken_back.send(
        sender=ContactImport, contacts={"contact__in": of_known, "campaign__kind": "marketing"}
    )
    if contact_import.contact_list:
        of_same_list = known_elsewhere.filter(
            contact_import__contact_list=contact_import.contact_list
        ).values("contact")
        known = Contact.objects.filter(
            Q(pk__in=contact_import.met.values("contact")) | Q(pk__in=stays)
        ).exclude(pk__in=of_same_list)
        since = contact_import.job.created_at if contact_import.job else now
        listing.provider.leave(contact_import.contact_list, known.values("pk"), since)
    contact_import.state = ContactImport.State.TAKEN_BACK
    contact_import.save(update_fields=["state"])
    return count


def new_contacts(contact_import: ContactImport) -> dict[str, Any]:
    """The filter of the contacts that an import made."""
    made_at = contact_import.job.created_at if contact_import.job else None
    return {"pk__range": (contact_import.first_id or 0, contact_import.last_id or 0), "created_at": made_at}
