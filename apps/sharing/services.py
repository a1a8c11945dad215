"""A share: asked for, approved, looked at or fetched, withdrawn at once, ended by its day (R32).

Every look and every file is in the trail, with how many people it showed. Agents share nothing (R19).
"""

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import xlsxwriter
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.access.ports import assessing
from apps.access.services import disclose_to_person, require_field_right
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.campaigns.models import Campaign, QueueEntry
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files, streams
from apps.core.documents import evidence_files
from apps.core.documents.encrypted_zip import encrypted_archive, new_passphrase
from apps.core.errors import BadInput, FourEyes, NotAllowed, NotFound, WrongState
from apps.core.privacy.free_text import checked_text
from apps.jobs.services import OneTimeDownload, discard
from apps.notifications.services import close_notices, notify

from . import queries
from .models import Share

Field, State = Share.Field, Share.State
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
MOST_DAYS = 90
MOST_ROWS = 50_000
FILE_LIFE = timedelta(days=1)
PROTECTED = {Field.PHONE: "contacts.contact.phone", Field.NAME: "contacts.contact.name"}


class AssessmentMissing(WrongState):
    code = "assessment_missing"
    sentence = gettext_lazy(
        "Values in clear need an approved impact assessment first (R36): write one from the page of the "
        "share."
    )


@transaction.atomic
def ask_share(
    *,
    actor: User,
    campaign: Campaign,
    fields: list[str],
    form: str,
    purpose: str,
    agreement: str,
    content: bytes,
    file_name: str,
    ends_on: date,
    is_clear: bool = False,
) -> Share:
    """Ask to see fields of a campaign's contacts. Values come masked; in clear for compliance alone, which
    answers to regulators.

    Raises `NotAllowed`, `BadInput` without fields, purpose, signed agreement, or for more than 90 days.
    """
    if actor.role not in STAFF or (is_clear and actor.role != Role.COMPLIANCE):
        raise NotAllowed()
    if not fields or set(fields) - set(Field.values) or form not in Share.Form.values:
        raise BadInput(_("Choose the fields, and how they are to be seen."))
    today = timezone.localdate(clock.now())
    if not today <= ends_on <= today + timedelta(days=MOST_DAYS):
        raise BadInput(_("A share ends within %(days)s days."), days=MOST_DAYS)
    for name in fields:
        if name in PROTECTED:
            require_field_right(
                actor,
                PROTECTED[Field(name)],
                "export_value" if is_clear or form == Share.Form.FILE else "view_masked",
            )
    kept = evidence_files.keep(content, file_name=file_name)
    share = Share.objects.create(
        campaign=campaign, fields=sorted(set(fields)), form=form, is_clear=is_clear, ends_on=ends_on,
        asked_by=actor,
        purpose=checked_text(purpose, _("Say what it is needed for."), most=300),
        agreement=checked_text(agreement, _("Name the confidentiality agreement."), most=200),
        agreement_file=kept.name, agreement_sha256=kept.sha256 or b"", created_at=clock.now(),
    )  # fmt: skip
    notify(
        User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(pk=actor.pk),
        "share_asked",
        about=actor,
        share=share.public_id,
        what=share.campaign.name,
    )
    return share


def _locked(share: Share) -> Share:
    return (
        Share.objects.select_for_update(of=("self",)).select_related("asked_by", "campaign").get(pk=share.pk)
    )


@transaction.atomic
def decide_share(*, actor: User, share: Share, approve: bool, reason: str = "") -> Share:
    """By compliance, and not by who asked. Raises `NotAllowed`, `FourEyes`, `WrongState`, `BadInput` for a
    refusal without a reason."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    share = _locked(share)
    if share.state != State.ASKED:
        raise WrongState()
    if share.asked_by_id == actor.pk:
        raise FourEyes()
    if approve and assessing.provider.is_missing(share):
        raise AssessmentMissing()
    share.decided_by, share.decided_at = actor, clock.now()
    share.state = State.APPROVED if approve else State.REFUSED
    share.reason = "" if approve else checked_text(reason, _("Say why it is refused."), most=300)
    share.save()
    close_notices("share_asked", share=share.public_id)
    notify([share.asked_by], "share_decided", share=share.public_id, what=share.campaign.name)
    return share


@transaction.atomic
def withdraw_share(*, actor: User, share: Share, reason: str) -> Share:
    """From this commit on nothing is shown and no file is handed out; by compliance, or by who asked."""
    share = _locked(share)
    if actor.role != Role.COMPLIANCE and share.asked_by_id != actor.pk:
        raise NotAllowed()
    if share.state not in {State.ASKED, State.APPROVED}:
        raise WrongState()
    _end(share, State.WITHDRAWN, actor, checked_text(reason, _("Say why it is withdrawn."), most=300))
    return share


def _end(share: Share, state: str, actor: User | None, reason: str) -> None:
    discard(share.file)
    share.state, share.ended_by, share.ended_at, share.reason, share.file = (
        state,
        actor,
        clock.now(),
        reason,
        "",
    )
    share.save()


def end_due_shares() -> int:
    """End what is past its last day; files that nobody fetched within a day go. Returns how many shares
    ended."""
    now, ended = clock.now(), 0
    for share in Share.objects.filter(
        state__in=[State.ASKED, State.APPROVED], ends_on__lt=timezone.localdate(now)
    ):
        with transaction.atomic():
            _end(_locked(share), State.EXPIRED, None, "")
            ended += 1
    for share in Share.objects.filter(file_made_at__lt=now - FILE_LIFE).exclude(file=""):
        with transaction.atomic():
            _let_go(_locked(share))
    return ended


def _let_go(share: Share) -> None:
    discard(share.file)
    share.file = ""
    share.save(update_fields=["file"])


def files_with(number_index: bytes) -> QuerySet[Share]:
    """Files that were made, wait to be fetched, and may hold the person."""
    return (
        Share.objects.exclude(file="")
        .filter(campaign__entries__contact__number_index=number_index)
        .distinct()
    )


def drop_files_with(number_index: bytes, *, until: datetime | None = None) -> int:
    """The person is erased: those files go that were asked for before `until`. Returns how many."""
    shares = list(files_with(number_index).filter(created_at__lte=until or clock.now()))
    for share in shares:
        _let_go(share)
    return len(shares)


def in_force(viewer: User, share: Share) -> Share:
    """The share, when the viewer is who it is for and may look at this moment. Raises `NotFound`, and
    `AssessmentMissing` when what was assessed has changed since (R36)."""
    share = Share.objects.select_related("campaign", "asked_by").get(pk=share.pk)
    over = share.state != State.APPROVED or share.ends_on < timezone.localdate(clock.now())
    may = viewer.role == Role.COMPLIANCE or (viewer.role == Role.SUPERVISOR and not share.is_clear)
    if over or share.asked_by_id != viewer.pk or not viewer.is_active or not may:
        raise NotFound()
    if assessing.provider.is_missing(share):
        raise AssessmentMissing()
    return share


@transaction.atomic
def look(
    *, viewer: User, share: Share, entries: list[QueueEntry], address: str | None = None
) -> list[list[str]]:
    """The shared fields of some contacts, in the order of the fields; recorded with how many people they are
    of."""
    share = in_force(viewer, share)
    record_access(
        kind=AccessEvent.Kind.VIEWED, subject=share.public_id, purpose=f"share: {share.purpose}"[:200],
        actor=viewer, count=len(entries),
        address=address,
    )  # fmt: skip
    return list(_rows(viewer, share, entries, address))


def _rows(viewer: User, share: Share, entries: list[QueueEntry], address: str | None) -> Iterator[list[str]]:
    clear: dict[str, list[str]] = {}
    if share.is_clear:
        for name in (each for each in share.fields if each in PROTECTED):
            clear[name] = disclose_to_person(
                actor=viewer, values=[(entry.contact, name) for entry in entries], subject=share.public_id,
                reason=share.purpose,
                address=address,
            )  # fmt: skip
    for place, entry in enumerate(entries):
        yield [clear[name][place] if name in clear else _cell(entry, name) for name in share.fields]


def _cell(entry: QueueEntry, name: str) -> str:
    if name == Field.TAGS:
        return ", ".join(entry.contact.tags)
    if name == Field.STATE:
        return str(entry.get_state_display())
    return str(getattr(entry.contact, name) or "")


@transaction.atomic
def make_file(*, viewer: User, share: Share, address: str | None = None) -> tuple[Share, str]:
    """Make the file, to be fetched once within a day; the share and the passphrase, shown this once. Raises
    `NotFound`, `BadInput`."""
    share = in_force(viewer, _locked(share))
    if share.form != Share.Form.FILE:
        raise NotFound()
    entries = list(queries.entries_of(share).order_by("pk")[: MOST_ROWS + 1])
    if len(entries) > MOST_ROWS:
        raise BadInput(
            _("The campaign has more than %(most)s contacts: look at them in the console."), most=MOST_ROWS
        )
    rows = look(viewer=viewer, share=share, entries=entries, address=address)
    passphrase = new_passphrase()
    pieces = encrypted_archive(passphrase, [(f"{share.public_id}.xlsx", [_workbook(viewer, share, rows)])])
    made = streams.put(pieces, folder="shares", belongs_to=share.public_id)
    if not _are_all_there([entry.contact_id for entry in entries]):
        encrypted_files.delete(made)
        raise WrongState(_("Somebody in the list was deleted while the file was made. Make it again."))
    discard(share.file)
    share.file, share.file_made_at, share.file_rows = made, clock.now(), len(entries)
    share.save(update_fields=["file", "file_made_at", "file_rows"])
    return share, passphrase


def _are_all_there(contact_ids: list[int]) -> bool:
    """Whether none of them was erased or is about to be; until the commit nobody can. Who is erased after
    that takes the file along."""
    there = Contact.objects.select_for_update(no_key=True).filter(
        id__any=contact_ids, erasing_at__isnull=True
    )
    return len(there.values_list("pk", flat=True)) == len(set(contact_ids))


def watermark(viewer: User, share: Share) -> str:
    """Who looks, by which share, when: across every page and every sheet."""
    return f"{viewer} · {share.public_id} · {timezone.localtime(clock.now()):%Y-%m-%d %H:%M}"


def _workbook(viewer: User, share: Share, rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    mark = watermark(viewer, share)
    with xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet()
        sheet.set_header(f"&C{mark}")
        sheet.write_string(
            0,
            0,
            _("Shared with %(who)s until %(day)s. Not to be handed on.")
            % {"who": mark, "day": share.ends_on},
        )
        sheet.write_row(1, 0, share.field_labels)
        for place, row in enumerate(rows, start=2):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, cell)
    return out.getvalue()


@transaction.atomic
def fetch_file(*, viewer: User, share: Share, address: str | None = None) -> Iterator[bytes]:
    """The file, once, in pieces. Raises `NotFound` when there is none or it was fetched."""
    share = in_force(viewer, _locked(share))
    if not share.file:
        raise NotFound()
    content = OneTimeDownload(share.file, belongs_to=share.public_id)
    record_access(
        kind=AccessEvent.Kind.EXPORTED, subject=share.public_id, purpose=f"share: {share.purpose}"[:200],
        actor=viewer,
        count=share.file_rows, address=address,
    )  # fmt: skip
    share.file = ""
    share.save(update_fields=["file"])
    return content


def facts_of(share: Share) -> dict[str, Any]:
    """How often it was used, for the page of who approves."""
    events = AccessEvent.objects.filter(
        subject=share.public_id, kind__in=[AccessEvent.Kind.VIEWED, AccessEvent.Kind.EXPORTED]
    )
    return {"looks": events.count(), "events": events.select_related("actor").order_by("-pk")[:20]}
