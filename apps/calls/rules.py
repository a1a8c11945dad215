"""The life of a call: which event leads where. Pure."""

# event → state it leads to, by the state it finds. An event told twice changes nothing.
MOVES: dict[str, dict[str, str]] = {
    "ringing": {"dialling": "ringing", "reserved": "ringing"},
    "answered": {"dialling": "answered", "ringing": "answered"},
    "no_answer": {"dialling": "no_answer", "ringing": "no_answer"},
    "busy": {"dialling": "busy", "ringing": "busy"},
    "failed": {"dialling": "failed", "ringing": "failed", "reserved": "failed", "answered": "failed"},
    "ended": {"answered": "ended", "ringing": "no_answer", "dialling": "no_answer"},
}
OPT_OUT_KEY = "9"


def next_state(state: str, event: str) -> str | None:
    """The state after `event`, or None when the event changes nothing in this state."""
    return MOVES.get(event, {}).get(state)
