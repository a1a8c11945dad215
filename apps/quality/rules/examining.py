"""What a transcript shows: the script check on the agent's words, and the opening against the clock (R16,
R23, R28). Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from apps.scripts import checking

AGENT, CLIENT, UNKNOWN = "agent", "client", "unknown"  # unknown: both sides are on one channel
IDENTITY_MS = 20_000  # by then the company is said, counted from the agent's first word
PURPOSE_MS = 40_000
INTERRUPTS_MS = 700  # so long both speak, the agent having begun later
MOST_TURN = checking.MOST_CHARACTERS // 2
MISSING = {
    "missing_company": "identity", "missing_purpose": "purpose", "missing_opt_out": "way_out",
    "missing_synthetic_label": "label",
}  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """Somebody says something from `start` to `end`, ms from the beginning of the recording."""

    start: int
    end: int
    speaker: str
    text: str


@dataclass(frozen=True)
class TranscriptFinding:
    """A finding: in which segment, from which to which character, and when it was said."""

    code: str
    level: str
    law: str
    segment: int
    start: int
    end: int
    at: int


def turns(segments: Sequence[Segment]) -> Iterator[list[int]]:
    """Places of segments that follow one another and may be the agent's: a promise does not hide by being cut
    in two."""
    turn: list[int] = []
    length = 0
    for place, segment in enumerate(segments):
        if segment.speaker == CLIENT or length + len(segment.text) > MOST_TURN:
            if turn:
                yield turn
            turn, length = [], 0
        if segment.speaker != CLIENT:
            turn.append(place)
            length += len(segment.text)
    if turn:
        yield turn


def find(
    segments: Sequence[Segment], *, kind: str, trade: str, pack: checking.Pack
) -> list[TranscriptFinding]:
    """What the agent may not say, in order of time."""
    found = []
    for turn in turns(segments):
        text = "".join(segments[place].text for place in turn)
        for finding in checking.check(text, kind=kind, trade=trade, needs_parts=False, pack=pack):
            found.append(_placed(finding, turn, segments))
    return sorted(found, key=lambda each: (each.at, each.segment, each.start))


def _placed(
    finding: checking.ScriptFinding, turn: Sequence[int], segments: Sequence[Segment]
) -> TranscriptFinding:
    """A finding that goes over the end of a segment is shown in the one that it begins in."""
    before = 0
    for place in turn:
        segment, length = segments[place], len(segments[place].text)
        if finding.start < before + length:
            start, end = finding.start - before, min(finding.end - before, length)
            at = segment.start + (segment.end - segment.start) * start // max(1, length)
            return TranscriptFinding(finding.code, finding.level, finding.law, place, start, end, at)
        before += length
    raise ValueError("A finding lies outside its turn.")


def advice(segments: Sequence[Segment], *, kind: str, trade: str, pack: checking.Pack) -> int:
    """How sure the trained reader is, in percent, of the agent's worst passage; 0: it has no advice."""
    sure = [0]
    for turn in turns(segments):
        text = "".join(segments[place].text for place in turn)
        found = checking.read(text, kind=kind, trade=trade, needs_parts=False, pack=pack, thorough=False)
        sure += [finding.strength for finding in found]
    return max(sure)


def examine(
    segments: Sequence[Segment], *, kind: str, pack: checking.Pack, company: str = "", voice: str = "human"
) -> dict[str, Any]:
    """What was said when: `identity`, `purpose`, `way_out`, `label` that a machine speaks (True or False;
    None where it is not asked for), `interruptions`, `agent_percent` of the time spoken (None where a speaker
    is unknown). A call in which the agent says nothing says none of them; words of an unknown speaker may be
    the agent's."""
    words = [segment for segment in segments if segment.speaker != CLIENT]
    first = words[0].start if words else 0
    spoken = Counter[str]()
    for segment in segments:
        spoken[segment.speaker] += segment.end - segment.start
    return {
        "identity": _says(
            words, "missing_company", until=first + IDENTITY_MS, kind=kind, pack=pack, said=company
        ),
        "purpose": _says(words, "missing_purpose", until=first + PURPOSE_MS, kind=kind, pack=pack),
        "way_out": _says(words, "missing_opt_out", until=None, kind=kind, pack=pack),
        "label": _says(
            words, "missing_synthetic_label", until=first + IDENTITY_MS, kind=kind, pack=pack, voice=voice
        ),
        "interruptions": sum(1 for _each in interruptions(segments)),
        "agent_percent": None
        if spoken[UNKNOWN]
        else round(100 * spoken[AGENT] / (sum(spoken.values()) or 1)),
    }


def _says(
    words: Sequence[Segment],
    code: str,
    *,
    until: int | None,
    kind: str,
    pack: checking.Pack,
    said: str = "",
    voice: str = "human",
) -> bool | None:
    rule = next((rule for rule in pack.rules if rule.code == code), None)
    if rule is None or not rule.holds_for(kind, "general", voice):
        return None
    text = "，".join(segment.text for segment in words if until is None or segment.start <= until)[
        : checking.MOST_CHARACTERS
    ]
    if said and checking.normalise(said).text in checking.normalise(text).text:
        return True
    return code not in {finding.code for finding in checking.check(text, kind=kind, voice=voice, pack=pack)}


def interruptions(segments: Sequence[Segment]) -> Iterator[int]:
    """When the agent began to speak over the client, ms."""
    client = [segment for segment in segments if segment.speaker == CLIENT]
    place = 0
    for segment in sorted((each for each in segments if each.speaker == AGENT), key=lambda each: each.start):
        while place < len(client) and client[place].end <= segment.start:
            place += 1
        speaks_over = place < len(client) and client[place].start < segment.start
        if speaks_over and min(client[place].end, segment.end) - segment.start >= INTERRUPTS_MS:
            yield segment.start


def worst(found: Sequence[TranscriptFinding]) -> str:
    levels = {each.level for each in found}
    return "blocking" if "blocking" in levels else "advisory" if levels else ""
