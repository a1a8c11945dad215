"""The project's own collection of scripts: what is planted, what is innocent, what is left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

OWN = Path(__file__).parent.parent / "data" / "scripts-own.yaml"
# Codes that hold for notices too: every second pair of their scripts is a notice.
NOTICES = {
    "guaranteed_return",
    "medical_claim",
    "impersonation",
    "pressure",
    "asks_secret",
    "discloses_to_third_party",
    "free_bait",
}
TRADES = {
    "guaranteed_return": "finance",
    "high_risk_product": "finance",
    "guaranteed_result": "education",
    "targets_minor": "education",
    "medical_claim": "medical",
}


@dataclass(frozen=True)
class Sample:
    """One script; `code` is what is planted in it, "" for a clean one. The even ones may be tuned on."""

    number: int
    text: str
    kind: str
    trade: str
    code: str

    @property
    def is_held_out(self) -> bool:
        return self.number % 2 == 1


def samples() -> Iterator[Sample]:
    raw = yaml.safe_load(OWN.read_text())
    openings, purposes, ways_out = raw["openings"], raw["purposes"], raw["ways_out"]

    def framed(place: int, body: str, *, without: str = "") -> str:
        parts = {
            "missing_company": openings[place % len(openings)],
            "missing_purpose": purposes[place // 2 % len(purposes)],
            "body": body,
            "missing_opt_out": ways_out[place // 3 % len(ways_out)],
        }
        return "".join(text for name, text in parts.items() if name != without)

    place = 0
    for code, bodies in raw["planted"].items():
        for number, body in enumerate(bodies):
            place += 1
            kind = "notification" if code in NOTICES and number % 4 >= 2 else "marketing"
            yield Sample(number, framed(place, body), kind, TRADES.get(code, "retail"), code)
    for number, body in enumerate(raw["innocent"]):
        place += 1
        trade = ("retail", "finance", "education", "medical", "general")[place % 5]
        yield Sample(
            number, framed(place, body), "notification" if number % 4 >= 2 else "marketing", trade, ""
        )
    for number in range(24):
        code = ("missing_company", "missing_purpose", "missing_opt_out")[number // 2 % 3]
        yield Sample(
            number,
            framed(
                number,
                "请问您现在方便吗？" if code == "missing_purpose" else "细则以页面为准。",
                without=code,
            ),
            "marketing",
            "retail",
            code,
        )
