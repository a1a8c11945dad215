"""The spool on disk: events that wait for Hegui, each a file; what rtpengine records; what could not be used.

    events/<seconds>-<process>-<count>-<event>.json waits until Hegui has taken it; written aside and renamed,
    so whole or not there calls/<call>.json the SIP call of a call under way: how to end it pcaps/, metadata/,
    tmp/ rtpengine's aside/ what Hegui can never take, with the reason beside it

An event is deleted after Hegui's answer. A connector that is killed in between sends it again, which changes
nothing there.
"""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class WaitingEvent:
    """An event that waits. `at`: seconds since 1970, as the SIP server's clock had them."""

    path: Path
    event: str
    call: str
    at: float
    detail: str


class Spool:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events, self.calls, self.aside = folder / "events", folder / "calls", folder / "aside"
        self.metadata, self.pcaps, self.unfinished = folder / "metadata", folder / "pcaps", folder / "tmp"
        for each in (self.events, self.calls, self.aside, self.metadata, self.pcaps, self.unfinished):
            each.mkdir(parents=True, exist_ok=True)

    def names(self) -> set[str]:
        """Of all events that wait."""
        return {entry.name for entry in os.scandir(self.events) if not entry.name.startswith(".")}

    def read(self, name: str) -> WaitingEvent | None:
        """An event by the name of its file; None where it cannot be read, which is set aside."""
        path = self.events / name
        try:
            fields = json.loads(path.read_text())
            return WaitingEvent(
                path,
                str(fields["event"]),
                str(fields["call"]),
                float(fields["at"]),
                str(fields.get("detail", "")),
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            self.set_aside(path, "it is no event")
            return None

    def write(self, event: str, call: str, at: float, detail: str, *, name: str) -> None:
        """Put an event there; the same `name` again is the same event."""
        self._put(
            self.events / f"{at:.6f}-{name}-{event}.json",
            {"event": event, "call": call, "at": f"{at:.6f}", "detail": detail},
        )

    def _put(self, path: Path, content: dict[str, Any]) -> None:
        draft = path.with_name(f".{path.name}")
        draft.write_text(json.dumps(content))
        draft.rename(path)

    # -- SIP calls under way

    def remember(self, call: str, sip: dict[str, str]) -> None:
        self._put(self.calls / f"{call}.json", sip)

    def sip_call(self, call: str) -> dict[str, str] | None:
        try:
            known: dict[str, str] = json.loads((self.calls / f"{call}.json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return known

    def forget(self, call: str) -> None:
        (self.calls / f"{call}.json").unlink(missing_ok=True)

    # -- what cannot be used, and how full it is

    def set_aside(self, path: Path, why: str) -> None:
        """Out of the way, with the reason beside it. A person looks at it; Hegui's admins get a notice."""
        target = self.aside / path.name
        with_reason = target.with_name(f"{target.name}.why")
        with_reason.write_text(why)
        shutil.move(path, target)

    def files(self) -> Iterator[os.stat_result]:
        for folder in (self.events, self.aside, self.metadata, self.pcaps, self.unfinished):
            for entry in os.scandir(folder):
                try:
                    yield entry.stat()
                except FileNotFoundError:
                    continue

    @property
    def bytes(self) -> int:
        return sum(each.st_size for each in self.files())

    @property
    def largest_recording(self) -> int:
        return max((entry.stat().st_size for entry in self.pcaps.iterdir()), default=0)

    @property
    def free(self) -> int:
        return shutil.disk_usage(self.folder).free
