"""After an import: refused rows are corrected and imported again, or the whole of it is taken back within a day."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction
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
from ..models import Consent, Contact, ContactImport
from ..models.consents import TAKEN_BACK
from .importing import check_source, import_now

TAKEN_BACK_WITHIN = timedelta(days=1)
CORRECTED_AT_ONCE = 25  # rows on a page
CORRECTABLE = ("phone_missing", "phone_invalid", "unreadable")
FIELDS = ("phone", "name", "note", "tags", "consent_channel", "consent_time")


class TooLate(WrongState):
    code = "too_late"
    sentence = _("An import can be taken back for a day. Have single contacts erased, or withdraw the source.")


def refused_rows(contact_import: ContactImport) -> Iterator[tuple[int, str]]:
    """Row and sentence of each row that was refused for its form and not corrected yet."""
    corrected = set(contact_import.corrected_rows)
    with streams.Stream(contact_import.report, belongs_to=contact_import.report_belongs_to) as file:
        for line in io.BufferedReader(file):
            row = json.loads(line)
            if row["status"] in CORRECTABLE and row["row"] not in corrected:
                yield row["row"], row["message"]


def correct_rows(*, actor: User, contact_import: ContactImport, rows: dict[int, dict[str, str]]) -> list[tuple[int, str, str]]:
    """Import refused rows again with what was typed for them (`FIELDS`), by the same path as any list.

    Returns row, status and sentence of each, by its number in the first file. Raises `BadInput`, `NotAllowed`, `WrongState`.
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
        file=out.getvalue().encode(), list_code=contact_import.list_code,
        corrects=contact_import,
    )  # fmt: skip
    outcome = _outcome(made, list(rows))
    with transaction.atomic():
        first = ContactImport.objects.select_for_update(of=("self",)).get(pk=contact_import.pk)
        taken_in = {row for row, status, _sentence in outcome if status in (rules.ACCEPTED, "duplicate_in_file")}
        first.corrected_rows = sorted({*first.corrected_rows, *taken_in})
        first.save(update_fields=["corrected_rows"])
    return outcome


def _outcome(made: ContactImport, rows: list[int]) -> list[tuple[int, str, str]]:
    with streams.Stream(made.report, belongs_to=made.report_belongs_to) as file:
        lines = [json.loads(line) for line in io.BufferedReader(file)]
    return [(rows[line["row"] - 2], line["status"], line["message"]) for line in lines]


def _check_may_change(actor: User, contact_import: ContactImport) -> None:
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE} or contact_import.started_by_id != actor.pk:
        raise NotAllowed()
    check_source(contact_import.source)


def can_be_taken_back(contact_import: ContactImport) -> bool:
    job = contact_import.job
    done = contact_import.state == ContactImport.State.DONE and contact_import.corrects_id is None
    return bool(done and job and job.ended_at and clock.now() < job.ended_at + TAKEN_BACK_WITHIN)


@transaction.atomic
def take_back(*, actor: User, contact_import: ContactImport) -> int:
    """Undo an import and its corrections: their new contacts are erased by the purge, consents that they brought end.

    Contacts that were known before stay, with what they had. Returns how many contacts are erased. From this commit on the gate
    refuses them, reservations included. Raises `NotAllowed`, `TooLate`, `WrongState`.
    """
    locked = ContactImport.objects.select_for_update(of=("self",)).select_related("job").get(pk=contact_import.pk)
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE} or locked.started_by_id != actor.pk:
        raise NotAllowed()
    if locked.state != ContactImport.State.DONE or locked.corrects_id is not None:
        raise WrongState()
    if not can_be_taken_back(locked):
        raise TooLate()
    count = sum(_take_back(each) for each in [locked, *locked.corrections.select_related("job")])
    record_access(kind=AccessEvent.Kind.IMPORTED, subject=f"contact_import:{locked.pk}", count=count, purpose=TAKEN_BACK, actor=actor)
    return count


def _take_back(contact_import: ContactImport) -> int:
    now, new = clock.now(), new_contacts(contact_import)
    evidence = f"contact_import:{contact_import.pk}"
    brought = Consent.objects.filter(evidence=evidence, withdrawn_at__isnull=True)
    of_new = {f"contact__{name}": value for name, value in new.items()}
    brought.exclude(**of_new).update(withdrawn_at=now, withdrawal=TAKEN_BACK)
    count = Contact.objects.filter(**new, erasing_at__isnull=True).update(erasing_at=now)
    wait_for_decisions()  # under way are some that still saw the contacts: what they reserved is withdrawn with the rest
    signals.contacts_taken_back.send(sender=ContactImport, contacts=of_new)
    of_known = Consent.objects.filter(evidence=evidence, withdrawn_at=now, withdrawal=TAKEN_BACK).values("contact")
    signals.contacts_taken_back.send(sender=ContactImport, contacts={"contact__in": of_known, "campaign__kind": "marketing"})
    contact_import.state = ContactImport.State.TAKEN_BACK
    contact_import.save(update_fields=["state"])
    return count


def new_contacts(contact_import: ContactImport) -> dict[str, Any]:
    """The filter of the contacts that an import made."""
    made_at = contact_import.job.created_at if contact_import.job else None
    return {"pk__range": (contact_import.first_id or 0, contact_import.last_id or 0), "created_at": made_at}
