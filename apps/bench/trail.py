"""`trail`: a million events. What an audited change costs beside the bare change; how fast events go under
tree heads; how fast they are verified, in the database and as an exported file, beside bare SHA-256 over the
same bytes: each row, and each node of the trees.
"""

import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from auditlog.context import disable_auditlog
from django.conf import settings
from django.db import connection
from django.test.utils import override_settings

from apps.accounts.models import User
from apps.audit import services
from apps.audit.trail_tables import READS, streams
from apps.contacts.models import Contact
from apps.contacts.services.zones import correct_name
from apps.core.privacy.protected import Protected

from .gate import seed
from .measure import Comparison, Scale, in_process

EVENTS, CHANGED, ROUNDS = 1_000_000, 300, 5
MOST_COST, LEAST_SIGNED, VERIFIED = 1.5, 50_000, 0.5
_EVENTS = """
insert into audit_accessevent (created_at, kind, actor_id, client_id, subject, field, count, purpose, address)
select now() - i * interval '1 second', 'viewed', %s, null, 'contact:' || i, case when i %% 3 = 0
    then 'phone' else '' end, 1,
       '质量抽检，工单 ' || i %% 997, ('10.0.' || i %% 200 || '.' || i %% 250)::inet
from generate_series(1, %s) i
"""


def bench_trail(scale: Scale) -> list[Comparison]:
    with (
        tempfile.TemporaryDirectory(dir=settings.HEGUI_HOME) as place,
        override_settings(HEGUI_LEDGER=Path(place)),
    ):
        return [_changes(), *_tree_heads(scale.of(EVENTS), Path(place) / "trail.jsonl")]


def _changes() -> Comparison:
    """A name corrected, as the service does it: read and locked, checked, saved, in one transaction; with and
    without the trail."""
    seed(Scale(0.001), 100_000)
    contacts = list(Contact.objects.order_by("pk")[:100])
    audited, bare = [], []
    for _round in range(ROUNDS):
        with disable_auditlog():
            bare.append(CHANGED / _timed(lambda: _save(contacts)))
        audited.append(CHANGED / _timed(lambda: _save(contacts)))
    return Comparison("trail, an audited change", "changes/s", audited, bare, round(1 / MOST_COST, 3))


def _save(contacts: list[Contact]) -> None:
    for each in range(CHANGED):
        correct_name(
            contact=contacts[each % len(contacts)], name=Protected(f"王{'小大'[each % 2]}明{each}", "name")
        )


def _tree_heads(events: int, export: Path) -> list[Comparison]:
    services.sign_trail()
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [User.objects.latest("pk").pk, events])
        cursor.execute("vacuum analyze audit_accessevent")
    signed = _timed(services.sign_trail)
    with export.open("wb") as out:
        out.writelines(services.export_trail())
    floor = [events / in_process(_bare, events) for _round in range(2)]
    online = [events / in_process(_verified) for _round in range(2)]
    offline = [events / in_process(_verified_export, export) for _round in range(2)]
    notes = {"rows": events}
    return [
        Comparison("trail, signing", "rows/s", [events / signed], [LEAST_SIGNED], 1.0, notes),
        Comparison("trail, verifying", "rows/s", online, floor, VERIFIED, notes),
        Comparison("trail, verifying an export", "rows/s", offline, floor, VERIFIED, notes),
    ]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _bare(events: int) -> float:
    """The hashing alone: as many leaves and nodes, over the same bytes."""
    reads = next(stream for stream in streams() if stream.name == READS)
    rows = [text for _pk, text in reads.rows(0, 2**62, most=events)]
    started = time.perf_counter()
    for text in rows:
        sha256(b"\x00" + text).digest()
    node = bytes(65)
    for _node in range(len(rows)):
        sha256(node).digest()
    return time.perf_counter() - started


def _verified() -> float:
    started = time.perf_counter()
    if services.verify_trail().count:
        raise RuntimeError("The trail of the benchmark is not as it was signed.")
    return time.perf_counter() - started


def _verified_export(export: Path) -> float:
    started = time.perf_counter()
    with export.open("rb") as lines:
        if services.verify_export(lines).count:
            raise RuntimeError("The exported trail of the benchmark is not as it was signed.")
    return time.perf_counter() - started
