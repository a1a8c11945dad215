"""The connector's work: events to Hegui, keys, ends, recordings, who may send, a report. Each kind of work
goes on when another fails."""

import contextlib
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from . import capture, sound
from .hegui import Delivery, Hegui
from .sip_server import NoSuchCall, SipServer, SipServerAway
from .spool import Spool, WaitingEvent

log = structlog.get_logger(__name__)

SENDERS, ENDERS = 8, 4
TICK = 0.05
LATER = 1.0  # seconds before what was not taken is sent again; doubled each time
LATEST = 30.0
ENDS_EVERY, CONFIGURES_EVERY, REPORTS_EVERY, RECORDINGS_EVERY = 0.4, 5.0, 10.0, 1.0
MOST_SILENT = 60.0  # seconds that one round of a kind of work takes at most
BEFORE_ANSWER = 0.5  # seconds: the answer is noted a little after the first word
# seconds without growth after which the files of a killed rtpengine are taken as they are
LEFT_BEHIND = 120.0
MOST_MB = 500
STRANGERS_KEPT, MOST_STRANGERS = 3600.0, 10_000
PATIENCE = 24 * 3600.0  # seconds for which a recording waits for the end of its call
# bytes in the spool, beside the sound of what is recorded, without which no call is led
LEAST_FREE = 50 * 1024 * 1024
# seconds after its end within which a call's outcome is noted; then a recording without one is kept
OUTCOME_WITHIN = 10.0
OPT_OUT_KEY = "9"
INFO_KEY = re.compile(
    r"(?:^|[\r\n])\s*(?:signal\s*=\s*)?([0-9*#A-D])\s*(?:[\r\n]|$)", re.ASCII | re.IGNORECASE
)
COMFORT_NOISE = {13, 19}
KEY_NAMES = capture.KEYS
# What the SIP server's codes mean for a call that was not answered (RFC 3261); others are failures.
NO_ANSWER, BUSY = {"408", "480", "487"}, {"486", "600"}


class OutcomeNotKnown(Exception):
    """What became of a recorded call is yet to be noted."""


@dataclass
class Counts:
    """What the connector has done since it began, for its metrics."""

    events: int = 0
    keys: int = 0
    recordings: int = 0
    ends: int = 0
    failures: dict[str, int] = field(default_factory=dict)


def event_of(waiting: WaitingEvent) -> dict[str, Any] | None:
    """An event as Hegui wants it; None for what is not its business."""
    at = datetime.fromtimestamp(waiting.at, UTC).isoformat()
    if waiting.event == "key":
        found = INFO_KEY.search(waiting.detail)
        return {"event": "key", "digit": found[1], "at": at} if found else None
    if waiting.event == "failed":
        name = "no_answer" if waiting.detail in NO_ANSWER else "busy" if waiting.detail in BUSY else "failed"
        return {"event": name, "at": at}
    return (
        {"event": waiting.event, "at": at}
        if waiting.event in {"released", "ringing", "answered", "ended"}
        else None
    )


class Connector:
    def __init__(
        self, spool: Spool, hegui: Hegui, sip: SipServer, *, keys_address: tuple[str, int] | None = None
    ) -> None:
        self.spool, self.hegui, self.sip = spool, hegui, sip
        self.counts = Counts()
        self._known: set[str] = set()
        self._queues: dict[str, deque[str]] = {}
        self._at_work: set[str] = set()
        # call: when it is tried again, how long it waits after that
        self._waits: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._ending: dict[str, float] = {}
        self._strangers: dict[str, float] = {}
        self._enders = ThreadPoolExecutor(ENDERS, thread_name_prefix="ender")
        self._sizes: dict[Path, tuple[int, float]] = {}
        # kind of work: when it last came to an end; what of the two ends answered last
        self._last_ends: dict[str, float] = {}
        self._answers = {"sip_server": True, "hegui": True}
        self._keys: socket.socket | None = None
        if keys_address:
            self._keys = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._keys.bind(keys_address)
            self._keys.settimeout(0.5)

    # -- the whole

    def run(self) -> None:
        """Until `stop`."""
        loops: list[tuple[Callable[[], object], float]] = [
            (self.end_calls, ENDS_EVERY),
            (self.configure, CONFIGURES_EVERY),
            (self.report, REPORTS_EVERY),
            (self.take_recordings, RECORDINGS_EVERY),
        ]
        threads = [threading.Thread(target=self._repeat, args=loop, daemon=True) for loop in loops]
        if self._keys:
            threads.append(threading.Thread(target=self._repeat, args=(self.hear_keys, 0.0), daemon=True))
        for thread in threads:
            thread.start()
        with ThreadPoolExecutor(SENDERS, thread_name_prefix="sender") as pool:
            while not self._stopping.is_set():
                self._guarded(lambda: self.send_events(pool))
                self._stopping.wait(TICK)
        for thread in threads:
            thread.join(timeout=2)
        self._enders.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        self._stopping.set()

    def problems(self) -> list[str]:
        """What keeps it from its work: a kind of work that does not come to an end, an end that does not
        answer."""
        late = time.monotonic() - MOST_SILENT
        hanging = sorted(name for name, at in dict(self._last_ends).items() if at < late)
        return hanging + [f"{name} does not answer" for name, answers in self._answers.items() if not answers]

    def _repeat(self, work: Callable[[], object], every: float) -> None:
        name = getattr(work, "__name__", "work")
        while not self._stopping.is_set():
            self._last_ends[name] = time.monotonic()
            self._guarded(work)
            self._stopping.wait(every)

    def _guarded(self, work: Callable[[], object]) -> None:
        """One kind of work that fails does not end the others. What failed is counted and logged, and tried
        again."""
        try:
            work()
        except SipServerAway as away:
            self._count_failure("sip_server_away")
            log.warning("sip_server_away", why=str(away))
        except Exception as error:  # whatever it is: the process goes on, the failure is seen
            self._count_failure(type(error).__name__)
            log.error("connector_failed", exc_info=error)

    def _count_failure(self, name: str) -> None:
        self.counts.failures[name] = self.counts.failures.get(name, 0) + 1

    # -- events

    def send_events(self, pool: ThreadPoolExecutor) -> list[Future[None]]:
        """Look what waits and give it to the senders: in the order of a call, calls with a key press
        first."""
        with self._lock:
            self._look()
            now = time.monotonic()
            idle = [
                call
                for call in self._queues
                if call not in self._at_work and self._waits.get(call, (0.0, 0.0))[0] <= now
            ]
            idle.sort(key=lambda call: not any("-key." in name for name in self._queues[call]))
            # no more, or a key press would stand behind them
            ready = idle[: max(0, SENDERS * 2 - len(self._at_work))]
            self._at_work.update(ready)
        return [pool.submit(self._send_call, call) for call in ready]

    def _look(self) -> None:
        """Take note of the events that are new in the spool. The caller holds the lock."""
        for name in sorted(self.spool.names() - self._known):
            waiting = self.spool.read(name)  # what raises here is looked at again with the next round
            if waiting is None or self._note(waiting):
                continue
            self._known.add(name)
            queue = self._queues.setdefault(waiting.call, deque())
            if waiting.event != "key":
                queue.append(name)
                continue
            # Hegui judges events by their times: a refusal waits for none before it, nor for its turn to be
            # sent again.
            queue.appendleft(name)
            self._waits.pop(waiting.call, None)
            if "-recorded-" not in name:  # that call is over
                self._hang_up_on(waiting.call, (event_of(waiting) or {}).get("digit", ""))

    def _send_call(self, call: str) -> None:
        try:
            while not self._stopping.is_set():
                with self._lock:
                    queue = self._queues.get(call)
                    if not queue:
                        self._queues.pop(call, None)
                        return
                    name = queue[0]
                if not self._send(name):
                    return
                with self._lock:
                    queue.remove(name)  # a key may have come before it
                    self._known.discard(name)
        except Exception as error:  # as in `_guarded`
            self._count_failure(type(error).__name__)
            log.error("sender_failed", exc_info=error)
            self._delay(call)
        finally:
            with self._lock:
                self._at_work.discard(call)

    def _send(self, name: str) -> bool:
        """Send one event; whether it is done with."""
        waiting = self.spool.read(name)
        if waiting is None:
            return True
        body = event_of(waiting)
        if body is not None and waiting.call:
            taken, answer = self.hegui.post(f"calls/{waiting.call}/events", body, key=name)
            if taken is Delivery.LATER:
                self._delay(waiting.call)
                return False
            self._waits.pop(waiting.call, None)
            if taken is Delivery.NEVER:
                log.error(
                    "event_refused", event_kind=waiting.event, call=waiting.call, code=answer.get("code")
                )
                self.spool.set_aside(
                    waiting.path, f"Hegui refused it: {answer.get('code')} {answer.get('detail', '')}"
                )
                return True
            self.counts.events += 1
            self.counts.keys += waiting.event == "key"
            if answer.get("end_requested") and waiting.event != "ended":
                # a SIP server that is slow holds up no event
                self._enders.submit(self._guarded, lambda: self._end(waiting.call))
        if waiting.event in {"ended", "failed", "released"}:
            self._ending.pop(waiting.call, None)
            self._guarded(lambda: self.sip.forget(self.spool.sip_call(waiting.call) or {}))
        waiting.path.unlink(missing_ok=True)
        return True

    def _delay(self, name: str) -> None:
        """Try this call, or recording, later: each by itself, so that one which fails holds up no other."""
        _until, wait = self._waits.get(name, (0.0, LATER))
        self._waits[name] = time.monotonic() + wait, min(wait * 2, LATEST)

    def _note(self, waiting: WaitingEvent) -> bool:
        """Whether an event is for the connector itself: how to end a call, where its two ends send from, that
        a stranger sent."""
        known = self.spool.sip_call(waiting.call) or {} if waiting.call else {}
        if waiting.event == "sip_call":
            parts = waiting.detail.split(" ", 4)
            known |= dict(zip(("entry", "id", "cseq", "agent_tag", "call_id"), parts, strict=False))
        elif waiting.event == "media":
            side, _space, address = waiting.detail.partition(" ")
            known |= {side: " ".join(dict.fromkeys([*known.get(side, "").split(), address]))}
        elif waiting.event == "stranger":
            if len(self._strangers) < MOST_STRANGERS:
                self._strangers[waiting.detail] = time.monotonic()
        elif waiting.event == "answered":
            self.spool.remember(waiting.call, {**known, "answered": str(waiting.at)})
            return False
        elif waiting.event in {"failed", "released"}:
            self.spool.remember(waiting.call, {**known, "unanswered": str(waiting.at)})
            return False
        else:
            return False
        if known:
            self.spool.remember(waiting.call, known)
        waiting.path.unlink(missing_ok=True)
        return True

    # -- keys

    def hear_keys(self) -> None:
        """Keys that rtpengine hears while a call goes on. They are written to the spool before they are
        sent."""
        if self._keys is None:
            return
        try:
            said = json.loads(self._keys.recv(4096))
        except TimeoutError:
            return
        except ValueError:
            self._count_failure("key_unreadable")
            return
        if (
            said.get("type") != "DTMF"
            or not isinstance(said.get("event"), int)
            or not 0 <= said["event"] < len(KEY_NAMES)
        ):
            return
        call = str(said.get("callid", ""))
        known = self.spool.sip_call(call) or {}
        if known.get("agent_tag", said.get("source_tag")) == said.get("source_tag"):
            return  # the agent's own, or of a call of which nothing is known yet: the recording holds it too
        now, key = time.time(), KEY_NAMES[said["event"]]
        self._hang_up_on(call, key)
        try:
            self.spool.write("key", call, now, key, name=f"heard-{call}")
        except OSError as error:  # a refusal is not lost for a full disk
            self._count_failure("key_not_kept")
            log.error("key_not_kept", call=call, why=type(error).__name__)
            body = {"event": "key", "digit": key, "at": datetime.fromtimestamp(now, UTC).isoformat()}
            self._enders.submit(self._guarded, lambda: self._send_unkept(call, body))

    def _send_unkept(self, call: str, body: dict[str, Any]) -> None:
        while (
            not self._stopping.is_set() and self.hegui.post(f"calls/{call}/events", body)[0] is Delivery.LATER
        ):
            self._stopping.wait(LATER)

    def _hang_up_on(self, call: str, key: str) -> None:
        """A 9 ends the call whether or not Hegui can be asked just now; it will say the same."""
        if key == OPT_OUT_KEY:
            self._enders.submit(self._guarded, lambda: self._end(call))

    # -- calls that have to end

    def end_calls(self) -> None:
        """End what Hegui wants ended: a person opted out elsewhere, a consent was withdrawn, a campaign
        paused, a supervisor ended it."""
        answer = self.hegui.get("telephony/calls-to-end")
        for call in (answer or {}).get("calls", []):
            self._end(str(call))

    def _end(self, call: str) -> None:
        with self._lock:
            if time.monotonic() - self._ending.get(call, -10.0) < 2:
                return
            self._ending[call] = time.monotonic()
        sip = self.spool.sip_call(call)
        if sip is None or "entry" not in sip:
            return
        try:
            self.sip.end(sip)
        except SipServerAway as away:
            self._count_failure("end_failed")
            log.warning("end_failed", call=call, why=str(away))
        # it was lost with a SIP server that was killed: its two ends hang up by themselves
        except NoSuchCall:
            log.warning("call_lost", call=call)
            self.spool.write("ended", call, time.time(), "", name=f"lost-{call}")
        else:
            self.counts.ends += 1

    # -- who may send, how it goes

    def configure(self) -> None:
        if self.spool.free < LEAST_FREE + 2 * self.spool.largest_recording:  # its sound is written beside it
            self.sip.close()
        answer = self.hegui.get("telephony/configuration")
        if answer is not None:
            self.sip.configure(answer["diallers"])

    def report(self) -> None:
        now = time.time()
        waiting = sorted(self.spool.names())
        oldest = [float(waiting[0].partition("-")[0])] if waiting and waiting[0][:1].isdigit() else []
        finished = list(self.spool.metadata.glob("*.txt"))
        for path in finished:
            with contextlib.suppress(FileNotFoundError):  # handed in meanwhile
                oldest.append(path.stat().st_mtime)
        try:
            open_calls, is_answering = self.sip.open_calls(), True
        except SipServerAway:
            open_calls, is_answering = 0, False
        recent = time.monotonic() - STRANGERS_KEPT
        self._strangers = {address: at for address, at in dict(self._strangers).items() if at > recent}
        taken, _answer = self.hegui.post(
            "telephony/report",
            {
                "is_answering": is_answering, "open_calls": open_calls, "events_waiting": len(waiting),
                "recordings_waiting": len(finished),
                "oldest_seconds": max(0, round(now - min(oldest, default=now))),
                "spool_bytes": self.spool.bytes,
                "spool_free": self.spool.free, "set_aside": len(list(self.spool.aside.glob("*.why"))),
                "strangers": len(self._strangers),
            },
        )  # fmt: skip
        self._answers = {"sip_server": is_answering, "hegui": taken is Delivery.YES}

    # -- recordings

    def take_recordings(self) -> None:
        """Hand in what is finished; take over what a killed rtpengine left."""
        finished = sorted(self.spool.metadata.glob("*.txt"))
        with self._lock:
            # what the SIP server said of these calls, their answer above all, was written before they were
            # finished
            self._look()
        for path in finished:
            if self._waits.get(path.name, (0.0, 0.0))[0] <= time.monotonic():
                self._guarded(partial(self._take_recording, path))
        for path in sorted(self.spool.unfinished.glob("rtpengine-meta-*.tmp")):
            pcap = self.spool.pcaps / f"{path.name.removeprefix('rtpengine-meta-').removesuffix('.tmp')}.pcap"
            size = pcap.stat().st_size if pcap.exists() else 0
            before, since = self._sizes.get(pcap, (-1, 0.0))
            if size != before:
                self._sizes[pcap] = (size, time.monotonic())
            elif time.monotonic() - since > LEFT_BEHIND and not self._goes_on(pcap):
                self._sizes.pop(pcap)
                path.rename(self.spool.metadata / f"{path.stem}.txt")

    def _goes_on(self, pcap: Path) -> bool:
        """Whether rtpengine, as far as the SIP server knows, still leads the call: on hold nothing grows."""
        sip = self.spool.sip_call(capture.call_of(pcap.stem))
        return sip is not None and "entry" in sip and self.sip.knows(sip)

    def _take_recording(self, path: Path) -> None:
        try:
            self._hand_in(path)
        except Exception:
            self._delay(path.name)
            raise

    def _hand_in(self, path: Path) -> None:
        try:
            described = capture.describe(path, self.spool.pcaps)
            wav = path.with_suffix(".wav")
            if not wav.exists() and not described.pcap.exists():
                path.unlink()  # stored before; the connector was killed while it erased
                return
            if not wav.exists() and not self._convert(described, wav):
                self._erase(path, described)  # nobody was heard: the call was not connected
                return
        except OutcomeNotKnown:
            self._delay(path.name)
            return
        except (capture.CaptureUnreadable, FileNotFoundError) as error:
            self._set_aside(path, f"{type(error).__name__}: {error}")
            return
        taken, answer = self.hegui.put_file(f"calls/{described.call}/recording", wav)
        # its end is still on its way
        is_early = answer.get("code") == "wrong_state" and time.time() - path.stat().st_mtime < PATIENCE
        if taken is Delivery.YES:
            self.counts.recordings += 1
            self._erase(path, described)
        elif taken is Delivery.LATER or is_early:
            self._delay(path.name)
        else:
            self._set_aside(path, f"Hegui refused it: {answer.get('code')} {answer.get('detail', '')}")

    def _convert(self, described: capture.Described, wav: Path) -> bool:
        """Make the sound of a recording; keys that were not heard while the call went on are reported now.
        Whether anybody was heard."""
        if described.pcap.stat().st_size > MOST_MB * 1024 * 1024:
            raise capture.CaptureUnreadable(f"it has more than {MOST_MB} MB")
        found = list(capture.packets(described.pcap))
        known = self.spool.sip_call(described.call) or {}
        client = capture.of_side(found, described.client_ports, known.get("carrier"))
        agent = capture.of_side(found, described.agent_ports, known.get("dialler"))
        for press in capture.key_presses(client, described.events):
            self.spool.write(
                "key", described.call, press.at, press.key, name=f"recorded-{described.call}-{press.stamp}"
            )
        if "unanswered" in known and "answered" not in known:
            return False  # a tone or an announcement before anybody answered is no call
        if (
            known
            and "answered" not in known
            and time.time() - described.pcap.stat().st_mtime < OUTCOME_WITHIN
        ):
            raise OutcomeNotKnown
        begin = float(known.get("answered", 0)) - BEFORE_ANSWER
        agent, client = ([packet for packet in side if packet.at >= begin] for side in (agent, client))
        other = (
            {packet.kind for packet in (*agent, *client)}
            - described.codecs.keys()
            - described.events
            - COMFORT_NOISE
        )
        if other:
            raise capture.CaptureUnreadable(
                f"it is not G.711 (payload types {sorted(other)}): let diallers and carrier offer PCMA and "
                "PCMU only"
            )
        return bool(sound.write_wav(wav, agent, client, described.codecs, name=described.call))

    def _erase(self, path: Path, described: capture.Described) -> None:
        for each in (described.pcap, path.with_suffix(".wav"), path):
            each.unlink(missing_ok=True)
        self._waits.pop(path.name, None)
        self.spool.forget(described.call)

    def _set_aside(self, path: Path, why: str) -> None:
        log.error("recording_set_aside", call=capture.call_of(path.stem), why=why)
        pcap = self.spool.pcaps / f"{path.name.removeprefix('rtpengine-meta-').removesuffix('.txt')}.pcap"
        for each in (pcap, path.with_suffix(".wav")):
            with contextlib.suppress(FileNotFoundError):
                each.rename(self.spool.aside / each.name)
        self.spool.set_aside(path, why)
        self.spool.forget(capture.call_of(path.stem))
