"""Files outside the database that only grow: one writer at a time, on the disk before it counts.

A line that a crash cut off was never acknowledged; the next writer takes it away.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path

_PIECE = 64 * 1024


class Growing:
    """A file of lines, held for writing."""

    def __init__(self, file: BufferedRandom) -> None:
        self._file = file
        self._waiting: list[bytes] = []

    def last_line(self) -> bytes | None:
        """The last whole line, without its end; what a crash left behind it is taken away."""
        end = self._file.seek(0, os.SEEK_END)
        tail, start = b"", end
        while start > 0 and tail.count(b"\n") < 2:
            start = max(0, start - _PIECE)
            self._file.seek(start)
            tail = self._file.read(end - start)
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            self._file.truncate(start + whole)
        lines = tail[:whole].split(b"\n")
        return lines[-2] if len(lines) > 1 else None

    def append(self, line: bytes) -> None:
        """Add a line. It counts once `sync` has returned."""
        self._waiting.append(line + b"\n")

    def flush(self) -> None:
        """Hand everything to the operating system: it survives the process, not the machine."""
        self._file.seek(0, os.SEEK_END)
        self._file.write(b"".join(self._waiting))
        self._waiting.clear()
        self._file.flush()

    def sync(self) -> None:
        """Have everything on the disk."""
        self.flush()
        os.fsync(self._file.fileno())


@contextmanager
def growing(path: Path) -> Iterator[Growing]:
    """Hold the file, which is made when it is missing (mode 0600). What is not flushed is not written. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield Growing(file)


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines, without their ends; nothing when there is no file."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]


def set_aside(path: Path) -> None:
    """Begin anew; the old file stays beside it."""
    if path.exists():
        path.rename(path.with_name(f"{path.stem}-until-{path.stat().st_mtime_ns}{path.suffix}"))
