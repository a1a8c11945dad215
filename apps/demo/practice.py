"""A dialler for practice: it speaks the public API and plays a client, without a telephone line.

What the client does follows from the last digit of the number, which the mask shows too:
6 is busy, 7 does not answer, 9 answers and presses key 9, all others answer and talk until the
agent ends the call. Afterwards it hands in a recording: tones in the pace of speech, of the length of the
call. It is also the reference for a dialler of your own: nothing here touches the database.
"""

import io
import math
import time
import wave
import zlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import structlog

log = structlog.get_logger(__name__)
TALK_SECONDS = 120.0
RATE = 8_000


def tones(seconds: float, *, name: str) -> bytes:
    """A WAV file (8,000 samples a second, 16 bits) of syllables without words. `name` sets its pitch: no two
    calls sound alike."""
    pitch = 110 + zlib.crc32(name.encode()) % 16_384 / 100
    swell = [math.sin(math.pi * place / 1_600) ** 2 * 9_000 for place in range(1_600)]
    samples = array("h")
    for place in range(int(seconds * RATE)):
        is_pause = place // 1_600 % 7 in {4, 6}
        turn = 2 * math.pi * pitch * place / RATE
        samples.append(
            0 if is_pause else int(swell[place % 1_600] * (math.sin(turn) + math.sin(3 * turn) / 3) / 1.4)
        )
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return out.getvalue()


@dataclass
class PracticeDialler:
    """`pace` stretches every pause: 1 is lifelike, 0.1 is for tests."""

    client: httpx.Client
    pace: float = 1.0
    sleep: Callable[[float], None] = time.sleep

    def run(self, *, rounds: int | None = None) -> None:
        """Ask for calls until `rounds` have passed; for ever when None. A site that does not
        answer is asked again later."""
        asked = 0
        while rounds is None or asked < rounds:
            asked += 1
            try:
                worked = self.step()
            except httpx.HTTPError as error:
                log.warning("site_away", why=type(error).__name__)
                worked = False
            if not worked:
                self.sleep(0.5 * self.pace)

    def step(self) -> bool:
        """Take one call and play it to its end; False when none waits."""
        answer = self.client.post("calls/claim")
        if answer.status_code == 204:
            return False
        answer.raise_for_status()
        claimed = answer.json()
        log.info("dialling", call=claimed["call"], number=claimed["number"])
        self.play(claimed["call"], last_digit=claimed["number"][-1:])
        return True

    def play(self, call: str, last_digit: str) -> None:
        self.pause(0.5)
        if not self.tell(call, "ringing"):
            self.tell(call, "ended")  # the gate has changed its mind: hang up
            return
        self.pause(2)
        if last_digit == "6":
            self.tell(call, "busy")
        elif last_digit == "7":
            self.pause(4)
            self.tell(call, "no_answer")
        elif self.tell(call, "answered"):
            self.talk(call, presses_nine=last_digit == "9")
        else:
            self.tell(call, "ended")  # the agent ended it while it rang

    def talk(self, call: str, *, presses_nine: bool) -> None:
        """Stay on the line until asked to end, or until the client has had enough."""
        spoken = 0.0
        while spoken < TALK_SECONDS and not self.should_end(call):
            self.pause(1)
            spoken += 1
            if presses_nine and spoken == 3:
                self.tell(call, "key", digit="9")
        self.tell(call, "ended")
        self.record(call, max(1.0, spoken))

    def record(self, call: str, seconds: float) -> None:
        answer = self.client.put(
            f"calls/{call}/recording",
            content=tones(seconds, name=call),
            headers={"Content-Type": "audio/wav"},
        )
        if answer.is_error:
            log.warning("recording_refused", call=call, status=answer.status_code)

    def tell(self, call: str, event: str, digit: str = "") -> bool:
        """Report an event; False when the call may not go on."""
        answer = self.client.post(f"calls/{call}/events", json={"event": event, "digit": digit})
        answer.raise_for_status()
        return not answer.json()["end_requested"]

    def should_end(self, call: str) -> bool:
        answer = self.client.get(f"calls/{call}")
        answer.raise_for_status()
        return bool(answer.json()["end_requested"])

    def pause(self, seconds: float) -> None:
        self.sleep(seconds * self.pace)
