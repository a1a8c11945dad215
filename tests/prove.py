"""`make prove`: each proof at full size, and what came of it in docs/proofs.md.

    python -m tests.prove [NAME …]

Without names all of them; with names those, and the rows of the others stay as they are.
"""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT / "docs" / "proofs.md"
HEAD = """# Proofs

Written by `make prove`, which runs each proof at full size and draws its cases anew; the suite runs the
same tests smaller, with the same cases each time. A row says what was run last: on which commit, for how
long, with which result.

| proof | size | commit | day | minutes | result |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Proof:
    """`tests` are what pytest is given; a `script` is run without the environment of the tests."""

    size: str
    tests: tuple[str, ...] = ()
    script: str = ""


PROOFS = {
    "norm": Proof("10,000 histories against a model of the norm", ("tests/properties/test_norm.py",)),
    "races": Proof(
        "2,000 races of a no and a call, 1,000 of a withdrawal and a claim, 500 numbers asked for by 64",
        ("tests/faults/test_races.py",),
    ),
    "kills": Proof("kill -9 at 50 moments of each long work", ("tests/faults/test_killed.py",)),
    "deletion": Proof("200 histories of deletion and holds", ("tests/properties/test_deletion_holds.py",)),
    "diallers": Proof("300 histories of diallers that forget", ("tests/properties/test_diallers.py",)),
    "refusals": Proof("700 refusals of each form", ("tests/properties/test_refusals.py",)),
    "packs": Proof("200 packs verified, 1,000 changed ones named", ("tests/evidence/test_verify_pack.py",)),
    "contract": Proof("200 requests for each operation of the API", ("tests/security/test_contract.py",)),
    "telephony": Proof(
        "1,000 INVITEs against the carrier's count, 50 kills", ("tests/telephony/test_live.py",)
    ),
    "one host": Proof("a site by docs/install.md, each part killed", script="tests/deploy/one_host.sh"),
    "cluster": Proof("several hosts, ten failovers", script="tests/deploy/cluster.sh"),
}


def prove(name: str, proof: Proof) -> str:
    """Run it; its row."""
    begun = time.monotonic()
    print(f"-- {name}: {proof.size}", flush=True)
    command = [str(ROOT / proof.script)] if proof.script else [
        sys.executable, "-m", "pytest", "-q", "--timeout", "7200", *proof.tests,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "HEGUI_EXPLORE": "1"}, check=False)
    minutes = (time.monotonic() - begun) / 60
    result = "holds" if done.returncode == 0 else "**does not hold**"
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    return f"| {name} | {proof.size} | `{commit}` | {day} | {minutes:.1f} | {result} |"


def known_rows() -> dict[str, str]:
    if not PAPER.exists():
        return {}
    return {row[1]: row[0] for row in re.finditer(r"^\| ([a-z ]+) \|.*\|$", PAPER.read_text(), re.M)}


def main(names: list[str]) -> int:
    rows = known_rows()
    for name in names or PROOFS:
        rows[name] = prove(name, PROOFS[name])
        shown = [rows[each] for each in PROOFS if each in rows]
        PAPER.write_text(HEAD + "\n".join(shown) + "\n")
    return int(any("does not" in rows[name] for name in names or PROOFS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
