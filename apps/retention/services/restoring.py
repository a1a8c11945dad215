"""A restore: into an empty system, and the site opens only when nobody is back who was erased, and nobody
forgotten who said no (R9, R15).

Everything is read and checked first. The database is made beside the one in use, brought up to what the
ledger outside knows, purged and checked there, and takes its place in one step at the very end: whenever a
restore is cut short, the system is as empty as before, and the next try begins anew.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.audit.heads import heads_file, note_restore
from apps.audit.services import verify_trail
from apps.contacts.models import Contact
from apps.contacts.services import replay_word
from apps.core.calendar import clock
from apps.core.crypto import blind_index, keyring
from apps.core.documents.append_only import Location, copy_lines
from apps.optouts.models import Change, Lift, OptOut

from .. import databases, ledger
from ..archive import Address, BackupRefused, Reader, Secrets, read_archive, verify_archive
from ..holds import held
from ..models import Erasure
from ..storage_classes import erase_contacts
from .backing_up import canaries
from .checking_consistency import check_consistency
from .erasing import erase_again
from .erasures import finish_erasures
from .purging import purge
from .rotating_index import bring_on_index
from .writing_ledger import AT_ONCE, write_register

Say = Callable[[str], None]


def restore(
    path: Address,
    *,
    secrets: Secrets,
    bases: Sequence[Address] = (),
    ledger_folder: Path | None = None,
    without_ledger: bool = False,
    say: Say = lambda sentence: None,
) -> dict[str, Any]:
    """Bring a backup back. Returns what was replayed and found.

    Raises `BackupRefused`, before anything is touched, for: a key that does not open it, a part that was
    changed, a base that is missing, a keyring that cannot read what it brings, a newer Hegui, a system that
    is not empty, a ledger that is missing (unless `without_ledger` says to go on) or is another system's.
    """
    databases.require_createdb()
    say(_("Reading and checking everything …"))
    manifest = verify_archive(path, secrets=secrets)
    parts = _bases(manifest, bases, secrets)
    _refuse_wrong_keyring(manifest)
    _refuse_newer(manifest)
    name = str(connection.settings_dict["NAME"])
    _refuse_full()
    book = _ledger_for(manifest, ledger_folder, without_ledger)
    say(_("Restoring the database …"))
    scratch = f"{name}_restoring"
    databases.create(scratch)
    _load(path, secrets, scratch, set(manifest["files"]))
    for part, files in parts:
        _load(part, secrets, None, files)
    if book is not None and book != ledger.ledger_file():
        copy_lines(book, ledger.ledger_file())
        if isinstance(book, Path) and (heads := book.with_name("heads.jsonl")).exists():
            copy_lines(heads, heads_file())
    with databases.working_on(scratch):
        result = _made_current(manifest, say)
    databases.put_in_place(scratch, of=name)
    _put_demo_mark(manifest)
    return result


def _made_current(manifest: dict[str, Any], say: Say) -> dict[str, Any]:
    """In the database beside: tables of this version, what the ledger knows, what became due meanwhile, all
    of it checked."""
    _refuse_missing_rows(manifest)
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    databases.advance_sequences()
    bring_on_index()
    say(_("Replaying what happened since: opt-outs, erasures …"))
    note_restore()
    result = replay(since=manifest["ledger"]["line"])
    run = purge(pause=0)
    found = check_consistency()
    if found:
        raise BackupRefused(
            _("The restored system is not consistent: %(found)s. It was not put in place."), found=found
        )
    trail = verify_trail()
    return {**result, "made_at": manifest["made_at"], "purged": run.counts, "trail_findings": trail.count}


# -- what is refused before anything is touched


def _bases(
    manifest: dict[str, Any], bases: Sequence[Address], secrets: Secrets
) -> list[tuple[Address, set[str]]]:
    """The earlier backups that hold files of this one, and which files each brings."""
    by_id = {verify_archive(base, secrets=secrets)["id"]: base for base in bases}
    wanted: dict[str, set[str]] = {}
    for name, where in manifest["files_before"].items():
        wanted.setdefault(where, set()).add(name)
    if missing := set(wanted) - set(by_id):
        raise BackupRefused(
            _("Files of this backup stand in an earlier one: name it with --base (%(ids)s)."),
            ids=", ".join(sorted(missing)),
        )
    return [(by_id[where], names) for where, names in wanted.items()]


def _refuse_wrong_keyring(manifest: dict[str, Any]) -> None:
    here = canaries()
    wanted = [
        (purpose, name, canary) for purpose, keys in manifest["keys"].items() for name, canary in keys.items()
    ]
    if lacking := [
        f"{purpose} {name}" for purpose, name, canary in wanted if here[purpose].get(name) != canary
    ]:
        raise BackupRefused(
            _(
                "The keyring at hand cannot read what this backup brings; it lacks: %(lacking)s. "
                "Put the keyring of the backed-up site in place."
            ),
            lacking=", ".join(lacking),
        )


def _refuse_newer(manifest: dict[str, Any]) -> None:
    known = set(MigrationLoader(None).disk_migrations)
    if unknown := [f"{app}.{name}" for app, name in manifest["migrations"] if (app, name) not in known]:
        raise BackupRefused(
            _("This backup was made by a newer Hegui (%(unknown)s). Install that version first."),
            unknown=unknown[0],
        )


def _refuse_full() -> None:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    if User._meta.db_table in tables and User.objects.exists():
        raise BackupRefused(
            _("This system is not empty. A restore goes into an empty one: set its database aside first.")
        )


def _ledger_for(manifest: dict[str, Any], folder: Path | None, without: bool) -> Location | None:
    """The ledger to replay: as named, or this site's, or the one that the backup was made beside."""
    places: list[Location] = (
        [folder / "ledger.jsonl"] if folder else [ledger.ledger_file(), Path(manifest["ledger"]["at"])]
    )
    found = next((place for place in places if place.exists()), None)
    wanted = manifest["ledger"]["line"], manifest["ledger"]["mac"]
    if found is None:
        if not without:
            raise BackupRefused(
                _(
                    "The ledger outside the database is missing: without it, who opted out or was erased "
                    "since is not known. "
                    "Name its folder with --ledger."
                )
            )
        return None
    is_ours = not wanted[0]
    for each in ledger.read_ledger(found):  # to its end: every line is checked
        is_ours = is_ours or (each.number, each.mac) == wanted
    if not is_ours:
        raise BackupRefused(
            _("The ledger at %(place)s is not that of the backed-up site, or older than the backup."),
            place=found,
        )
    return found


def _refuse_missing_rows(manifest: dict[str, Any]) -> None:
    for table, count in manifest["rows"].items():
        if (here := databases.count_rows(table)) != count:
            raise BackupRefused(
                _("%(table)s has %(here)s rows instead of %(count)s."), table=table, here=here, count=count
            )


# -- bringing back


def _load(path: Address, secrets: Secrets, database: str | None, files: Set[str]) -> None:
    """The database of a backup into an empty one, and its files into the store."""
    if database is None:
        read_archive(path, secrets=secrets, take=lambda name, source: _take_file(name, source, files))
        return
    with databases.load(database) as into:

        def take(name: str, source: Reader) -> None:
            if name.startswith("database/"):
                while piece := source.read(1024 * 1024):
                    into.write(piece)
            else:
                _take_file(name, source, files)

        read_archive(path, secrets=secrets, take=take)


def _take_file(name: str, source: Reader, files: Set[str]) -> None:
    own = name.removeprefix("files/")
    if own in files and own != name:
        default_storage.delete(own)
        default_storage.save(own, _Readable(source))


class _Readable(File):
    """A member of an archive as a file to be stored: it is read once, from beginning to end."""

    def __init__(self, source: Reader) -> None:
        super().__init__(None, name="member")
        self._source = source

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while piece := self._source.read(1024 * 1024):
            yield piece


def _put_demo_mark(manifest: dict[str, Any]) -> None:
    mark = settings.HEGUI_HOME / "demo"
    if manifest["demo"] and settings.EMBEDDED is not None and not mark.exists():
        keyring.write_private_file(mark, manifest["demo"])


# -- replaying


def replay(*, since: int = 0) -> dict[str, int]:
    """Bring the register and the erasures up to the ledger; opt-outs up to the line `since` are known.
    Running it again changes nothing."""
    result, last = _replay_lines(since)
    finish_erasures()
    _go_on_after(last)
    write_register()
    return result


def _replay_lines(since: int) -> tuple[dict[str, int], int]:
    """What the ledger says, in this database; nothing is written into the ledger. Also the last position
    given to anybody."""
    result, last = {"opt_outs": 0, "lifts": 0, "erased": 0}, 0
    erased: list[tuple[datetime, list[bytes]]] = []
    whole: list[tuple[datetime, list[bytes]]] = []
    for batch in _in_batches(ledger.read_ledger()):
        last = max(last, *(line.position for line in batch))
        fresh = [line for line in batch if line.number > since]
        result["opt_outs"] += _replay_refusals([line.facts for line in fresh if line.kind == "refused"])
        result["lifts"] += sum(_replay_lift(line.facts) for line in fresh if line.kind == "lifted")
        for line in fresh:
            if line.kind == "word":
                _replay_word(line.facts)
        erasing = [line.facts for line in batch if line.kind == "erasing"]
        erased += [
            (datetime.fromisoformat(facts["at"]), [bytes.fromhex(each) for each in facts["hashes"]])
            for facts in erasing
        ]
        whole += [(datetime.fromisoformat(facts["at"]), _indexes_of(facts)) for facts in erasing]
    result["erased"] = _replay_erasures(erased)
    _replay_whole_erasures(whole)
    return result, last


def _indexes_of(facts: dict[str, Any]) -> list[bytes]:
    """The numbers that a line of the ledger names, as the rows of this database have them by now."""
    through = facts.get("index_keys") or blind_index.index_keys()[:1]
    brought_on = blind_index.brought_on(through, blind_index.index_keys())
    return [brought_on(bytes.fromhex(each)) for each in facts.get("indexes", ())]


def _replay_word(facts: dict[str, Any]) -> None:
    brought_on = blind_index.brought_on(facts["index_keys"], blind_index.index_keys())
    replay_word(
        brought_on(bytes.fromhex(facts["index"])), purpose_code=facts["purpose"],
        recipient=facts["recipient"], at=datetime.fromisoformat(facts["at"]), is_minor=facts["is_minor"],
    )  # fmt: skip


def _in_batches(lines: Iterable[ledger.LedgerEntry]) -> Iterator[list[ledger.LedgerEntry]]:
    lines = iter(lines)
    while batch := list(islice(lines, AT_ONCE)):
        yield batch


@transaction.atomic
def _replay_refusals(entries: list[dict[str, Any]]) -> int:
    if not entries:
        return 0
    people, clients, contacts = _ids_of(User), _ids_of(ApiClient), _contacts_of(entries)
    before = OptOut.objects.count()
    OptOut.objects.bulk_create(
        (
            OptOut(
                number_hash=bytes.fromhex(each["number_hash"]), key_id=each["key_id"],
                channel=each["channel"], scope=each["scope"],
                scope_value=each["scope_value"], said_at=each["said_at"], created_at=each["created_at"],
                evidence=each["evidence"],
                contact_id=contacts.get(each["number_hash"]),
                recorded_by_id=people.get(each.get("recorded_by_id")),
                client_id=clients.get(each.get("client_id")),
            )
            for each in entries
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    return OptOut.objects.count() - before


def _ids_of(model: type[Any]) -> dict[Any, int]:
    """Who was there when the backup was made: an entry that somebody later recorded is replayed without their
    name."""
    return {pk: pk for pk in model._default_manager.values_list("pk", flat=True)}


def _contacts_of(entries: list[dict[str, Any]]) -> dict[str, int]:
    """The contacts that entries name, by the hash of their number: an id of somebody who came after the
    backup names nobody here."""
    named = Contact.everyone.filter(
        id__any=[each["contact_id"] for each in entries if each.get("contact_id")]
    )
    return {
        number_hash.hex(): pk
        for pk, phone in named.values_list("pk", "phone")
        for number_hash in blind_index.register_hashes(phone).values()
    }


@transaction.atomic
def _replay_lift(payload: dict[str, Any]) -> int:
    """A lift needs the two people who made it. Where one of them came after the backup, the number stays
    blocked."""
    same = {
        "consent_given_at": payload["consent_given_at"],
        "evidence": payload["evidence"],
        "asked_by_id": payload["asked_by_id"],
    }
    number_hash = bytes.fromhex(payload["number_hash"])
    known = Lift.objects.filter(number_hash=number_hash, state=Lift.State.APPROVED, **same).exists()
    if known or User.objects.filter(pk__in=[payload["asked_by_id"], payload["decided_by_id"]]).count() < 2:
        return 0
    lift = Lift.objects.create(
        number_hash=number_hash, key_id=payload["key_id"], state=Lift.State.APPROVED,
        decided_by_id=payload["decided_by_id"],
        decided_at=payload["decided_at"], created_at=payload["created_at"], **same,
    )  # fmt: skip
    Change.objects.create(kind=Change.Kind.LIFTED, lift=lift, created_at=clock.now())
    return 1


@transaction.atomic
def _replay_whole_erasures(erased: list[tuple[datetime, list[bytes]]]) -> None:
    """Calls, recordings and what else was erased of people who asked for it."""
    for at, indexes in erased:
        for index in indexes:
            erase_again(index, until=at)


@transaction.atomic
def _replay_erasures(erased: list[tuple[datetime, list[bytes]]]) -> int:
    """Erase who was erased, or about to be, when the backup was made or afterwards. Who came back later, as a
    contact of their own right, is left, and so is whom a hold keeps."""
    until: dict[bytes, datetime] = {}
    for at, hashes in erased:
        for each in hashes:
            until[each] = max(at, until.get(each, at))
    if not until:
        return 0
    keys, found = [], []
    free = Contact.everyone.exclude(held().contacts)
    for person in free.only("pk", "phone", "created_at").iterator(chunk_size=5_000):
        for number_hash in blind_index.ledger_hashes(person.phone):
            if number_hash in until and person.created_at <= until[number_hash]:
                keys.append(person.pk)
                found.append(number_hash)
                break
    gone = set(erase_contacts(keys)) if keys else set()
    now = clock.now()
    # Those of whom the record of a call stays (R34) are erased once its 30 days are over.
    for done_at in (now, None):
        group = [
            (key, each)
            for key, each in zip(keys, found, strict=True)
            if (key in gone) is (done_at is not None)
        ]
        if group:
            Erasure.objects.create(
                number_hashes=[each for _key, each in group], contact_ids=[key for key, _each in group],
                reason="replayed after a restore", created_at=now, done_at=done_at,
            )  # fmt: skip
    return len(keys)


@transaction.atomic
def _go_on_after(position: int) -> None:
    """Positions of the feed go on after the last that was given to anybody, so that no reader misses what was
    replayed."""
    fresh = Change.objects.filter(position__isnull=True).order_by("pk")
    last = Change.objects.exclude(position__isnull=True).order_by("-position").first()
    at = max(position, last.position if last and last.position else 0)
    if not fresh.exists() and last is not None and last.position is not None and last.position < position:
        # Nothing to tell, and yet readers stand further on: the last change is given again under a later
        # position.
        Change.objects.create(
            created_at=clock.now(),
            kind=last.kind,
            opt_out=last.opt_out,
            lift=last.lift,
            dismissal=last.dismissal,
            position=at + 1,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "with fresh as (select id, row_number() over (order by id) as place from optouts_change where "
            "position is null)"
            " update optouts_change c set position = %s + fresh.place from fresh where c.id = fresh.id",
            [at],
        )


# -- the drill


def _name_of_copy() -> str:
    return f"{connection.settings_dict['NAME']}_drill"


def drop_copy() -> None:
    """The copy that a killed drill left: people who were erased since are in it. The caller is the only one
    that drills."""
    if databases.exists(_name_of_copy()):
        databases.drop(_name_of_copy())


def try_out(path: Address, *, secrets: Secrets, bases: Sequence[Address] = ()) -> dict[str, Any]:
    """Restore a backup beside the running site, replay, count, and throw it away: whether it would do. Raises
    like `restore`."""
    databases.require_createdb()
    manifest = verify_archive(path, secrets=secrets)
    _bases(manifest, bases, secrets)
    _refuse_wrong_keyring(manifest)
    scratch = _name_of_copy()
    databases.create(scratch)
    try:
        _load(path, secrets, scratch, frozenset())
        with databases.working_on(scratch):
            _refuse_missing_rows(manifest)
            register = OptOut.objects.count()
            bring_on_index()
            result, _last = _replay_lines(manifest["ledger"]["line"])
        return {
            "made_at": manifest["made_at"],
            "rows": sum(manifest["rows"].values()),
            "register": register,
            **result,
        }
    finally:
        databases.drop(scratch)
