"""Times in tables that Python cannot read (before year 1, after 9999, infinity): one such row must not stop
the readers of others.

PostgreSQL keeps them, psycopg raises on the whole result. Here they are read as `UNREADABLE`, which every
comparison takes for long ago, and the log has it; `check_consistency` names the rows. No new one comes in
(`timestamps`).
"""

from datetime import UTC, datetime
from typing import Any

import structlog
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import DataError

log = structlog.get_logger(__name__)
UNREADABLE = datetime(1, 1, 3, tzinfo=UTC)  # far enough from the beginning of time to be shown in any zone


def read_all_times(sender: Any, connection: Any, **kwargs: Any) -> None:
    """For a connection that was just opened: read what can be read, and mark the rest."""
    if connection.vendor != "postgresql":
        return

    class Loader(BaseTzLoader):
        timezone = connection.timezone

        def load(self, data: Any) -> Any:
            try:
                return super().load(data)
            except DataError:
                log.warning("timestamp_unreadable")
                return (
                    UNREADABLE.replace(tzinfo=self.timezone)
                    if self.timezone
                    else UNREADABLE.replace(tzinfo=None)
                )

    connection.connection.adapters.register_loader("timestamptz", Loader)
