"""The life of a call: what is known of it after each event that a dialler reports. Pure.

A number that was handed to a dialler may have been dialled, whatever is reported later. So any event but
`released` says that the call was made; events that are missing, doubled, late or out of order are taken by
the time that they name, and what was reported about the end of a call is final.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from apps.core.privacy.canonical_text import even
from apps.core.web.lenient_json import leaves

EVENTS = ("released", "ringing", "answered", "no_answer", "busy", "failed", "key", "hold", "resume", "ended")
OPT_OUT_KEY, OPT_OUT_WORDS = "9", ("九", "玖", "nine")
# What diallers call the field with the pressed key, and what they call it where the event itself says that it
# is one.
PRESSED = frozenset(
    {
        "digit",
        "digits",
        "dtmf",
        "dtmfdigit",
        "dtmfdigits",
        "key",
        "keys",
        "button",
        "pressed",
        "keypress",
        "keypressed",
        "按键",
        "按键值",
        "键值",
    }
)
_OF_A_KEY = re.compile(r"digit|dtmf|press|key(?:code|pad|input|value|num)|(?:user|ivr)input|button|按键|按下")
# What else of a key press has a field of its own, by the end of its name.
_BESIDE_A_KEY = re.compile(
    r"(?:at|id|(?<!para)ms|time|stamp|type|mode|method|count|length|duration|seconds|payload|timeout|volume)$"
)
VALUES = frozenset({"value", "signal", "input", "tone", "data"})
_NOT_A_LETTER = re.compile(r"[^a-z一-鿿]")
MOST_PRESSED = 12  # characters of what stands for a key under a name that is none of ours
# Nothing was reported that says that the call was made.
UNMADE = frozenset({"reserved", "dialling", "expired", "withdrawn", "released"})
OVER = frozenset({"ended", "no_answer", "busy", "failed"})
# How far a dialler's clock may differ from ours.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a call. Times are aware. `made_at`: the first time at which something was reported
    that a call made alone has."""

    state: str
    made_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def may_go_on(self) -> bool:
        """Nothing final was reported: a call that was taken for failed because nobody reported anything may
        still be going on."""
        return (
            self.state in UNMADE or self.state == "ringing" or (self.state in OVER and self.made_at is None)
        )


def after(call: Progress, event: str, at: datetime) -> Progress:
    """What is known after `event`, which happened at `at`. An event that says nothing new changes nothing."""
    if event == "released":
        return replace(call, state="released", ended_at=at) if call.made_at is None else call
    made = replace(call, made_at=min(call.made_at or at, at))
    if event == "ringing":
        goes_on = call.may_go_on and call.state != "ringing"
        return replace(made, state="ringing", ended_at=None) if goes_on else made
    if event in {"answered", "key", "hold", "resume"}:
        return _answered(call, made, at)
    if event == "ended":
        return made if call.state in OVER and not call.may_go_on else _ended(made, at)
    if call.may_go_on or (event == "failed" and call.state == "answered"):
        return replace(made, state=event, ended_at=at)
    return made


def _answered(call: Progress, made: Progress, at: datetime) -> Progress:
    if call.may_go_on:
        return replace(made, state="answered", answered_at=call.answered_at or at, ended_at=None)
    if call.state in OVER and call.answered_at is None:  # the report of the end overtook that of the answer
        return replace(made, state="ended", answered_at=min(at, call.ended_at or at))
    return replace(made, answered_at=min(call.answered_at, at) if call.answered_at else at)


def _ended(made: Progress, at: datetime) -> Progress:
    return replace(
        made, state="ended" if made.answered_at else "no_answer", ended_at=max(at, made.answered_at or at)
    )


@dataclass(frozen=True, slots=True)
class Hold:
    """How long the client was on hold so far, and since when it is."""

    total: timedelta = timedelta()
    since: datetime | None = None


def hold_after(hold: Hold, event: str, at: datetime) -> Hold:
    """What is known of the hold after an event; the end of the call ends it, and what is reported twice
    changes nothing."""
    if event == "hold":
        return hold if hold.since else replace(hold, since=at)
    if event in {"resume", "ended"} and hold.since:
        return Hold(hold.total + max(timedelta(), at - hold.since))
    return hold


def time_of_event(at: datetime | None, *, reserved_at: datetime, now: datetime) -> tuple[datetime, bool]:
    """When an event happened, between the reservation and now, and whether the time given for it was
    possible.

    Clocks that differ by minutes are put right; a time that cannot be true is replaced by now.
    """
    if at is None:
        return now, True
    if not reserved_at - CLOCK_SKEW <= at <= now + CLOCK_SKEW:
        return now, False
    return min(max(at, reserved_at), now), True


def holds_opt_out_key(digits: Any) -> bool:
    """Whether what was reported as pressed holds a 9, in whatever type and width: `9`, `"９"`, `"99"`,
    `"9#"`, `["9"]`, `"九"`, `"nine"`."""
    said = even(str(digits)).lower()
    return OPT_OUT_KEY in said or any(word in said for word in OPT_OUT_WORDS)


def speaks_of_a_key(event: str) -> bool:
    """Whether an event, in lower case, is one of a key that was pressed, by whatever name."""
    return any(word in event for word in ("key", "dtmf", "digit", "press", "按键"))


def pressed_in(said: Mapping[str, Any], *, event: str, depth: int = 5) -> dict[str, Any]:
    """What a report names as pressed, by the field that it stands in, however the field is spelled, to
    `depth` levels below.

    `event` is the report's event, in lower case: one that speaks of a key names the key under other names
    too.
    """
    found = {}
    for field, value in said.items():
        inside = [
            each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Mapping)
        ]
        deeper = [
            key for each in inside if depth for key in pressed_in(each, event=event, depth=depth - 1).values()
        ]
        if deeper:
            found[field] = deeper
        elif _names_a_key(_NOT_A_LETTER.sub("", even(field).lower()), event):
            found[field] = value
    return found


def pressed_anywhere(said: Mapping[str, Any]) -> list[str]:
    """What may be the key in an event that speaks of one and names it under no name of ours: short texts, not
    times, lengths and ids."""
    return [
        text
        for name, text in leaves(said)
        if name not in ("event", "at") and len(text) <= MOST_PRESSED and _BESIDE_A_KEY.search(name) is None
    ]


def _names_a_key(field: str, event: str) -> bool:
    """Whether a field, by its letters, is called like a key that was pressed, and not like its time, its
    length or its kind."""
    if field in PRESSED or (field in VALUES and speaks_of_a_key(event)):
        return True
    return _OF_A_KEY.search(field) is not None and _BESIDE_A_KEY.search(field) is None
