"""How large a proof is: small in every run of the suite, so that a planted fault is still found, at full size
in `make prove`, with histories drawn anew."""

import os

PROVES = os.environ.get("HEGUI_EXPLORE") == "1"


def sized(small: int, full: int) -> int:
    return full if PROVES else small
