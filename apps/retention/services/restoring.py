"""A restore: into an empty system, and the site opens only when nobody is back who was erased, and nobody
forgotten who said no (R9, R15).

Everything is read and checked first. The database is made beside the one in use, brought up to what the
ledger outside knows, purged and checked there, and takes its place in one step at the very end: whenever a
restore is cut short, the system is as empty as before, and the next try begins anew.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit.heads import heads_file, note_restore
from apps.audit.services import verify_trail
from apps.core.crypto import keyring
from apps.core.documents.append_only import Location, copy_lines
from apps.optouts.models import OptOut

from .. import databases, ledger
from ..archive import Address, BackupRefused, Reader, Secrets, read_archive, verify_archive
from .backing_up import canaries
from .checking_consistency import check_consistency
from .purging import purge
from .replaying import replay, replay_lines
from .rotating_index import bring_on_index

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
            result, _last = replay_lines(manifest["ledger"]["line"])
        return {
            "made_at": manifest["made_at"],
            "rows": sum(manifest["rows"].values()),
            "register": register,
            **result,
        }
    finally:
        databases.drop(scratch)
