"""Speed as a ratio: our code against a floor, both measured in one run on one machine.

Each benchmark is a function that seeds the scratch database and returns `Comparison`s; `run` gives it
the database and takes it away again. The floors are the least work that any program would have
to do for the same result.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from .auditing import bench_permission_audit
from .blocking import bench_word_to_block
from .gate import bench_gate, bench_gate_growth, bench_list_forecast
from .http import bench_gate_http
from .importing import bench_import
from .linting import bench_lint_scripts
from .listening import bench_recordings, bench_sampling
from .measure import Comparison, Scale
from .paging import bench_pages
from .proving import bench_evidence
from .purging import bench_backup, bench_purge
from .scrubbing import bench_feed, bench_scrub
from .telephony import bench_telephony
from .trail import bench_trail

BENCHES: dict[str, Callable[[Scale], list[Comparison]]] = {
    "gate": bench_gate,
    "gate_http": bench_gate_http,
    "gate_growth": bench_gate_growth,
    "word_to_block": bench_word_to_block,
    "list_forecast": bench_list_forecast,
    "import": bench_import,
    "pages": bench_pages,
    "permission_audit": bench_permission_audit,
    "lint_scripts": bench_lint_scripts,
    "scrub": bench_scrub,
    "feed": bench_feed,
    "purge": bench_purge,
    "backup": bench_backup,
    "trail": bench_trail,
    "evidence": bench_evidence,
    "recordings": bench_recordings,
    "sampling": bench_sampling,
    "telephony": bench_telephony,
}

__all__ = ["BENCHES", "Comparison", "Scale", "scratch_database"]


@contextmanager
def scratch_database() -> Iterator[None]:
    """An empty migrated database beside the real one, dropped at the end; the real one is not touched."""
    connection.settings_dict["TEST"]["NAME"] = "hegui_bench"
    real = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(str(real), verbosity=0)
