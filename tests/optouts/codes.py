"""The code in a message that was sent."""

import re


def code_in(sent: list[tuple[str, str]]) -> str:
    found = re.search(r"\d{6}", sent[-1][1])
    assert found
    return found[0]
