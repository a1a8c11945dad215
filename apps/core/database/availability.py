"""Whether an error says that the database is away, or that it cannot write for the moment."""

from django.db import InterfaceError, InternalError, OperationalError

READ_ONLY = "25006"  # PostgreSQL's read_only_sql_transaction


def is_away(error: BaseException | None) -> bool:
    """A lost connection; also a server that is being made the primary and still answers like a replica: it
    writes a moment later."""
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) == READ_ONLY
    return isinstance(error, OperationalError | InterfaceError)
