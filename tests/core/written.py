"""Numbers, as people write them."""

import unicodedata

from hypothesis import strategies as st

DIGITS = [chr(code) for code in range(0x11000) if unicodedata.decimal(chr(code), None) is not None]


OF_VALUE = {value: [digit for digit in DIGITS if unicodedata.decimal(digit) == value] for value in range(10)}


BETWEEN = st.sampled_from(
    [
        "",
        "",
        "",
        " ",
        "-",
        "\u2011",
        "\u200b",
        "\u00ad",
        "\u202d",
        "\u202c",
        "\ufeff",
        "\u3000",
        "\ufe0f",
        "·",
    ]
)


@st.composite
def written(draw: st.DrawFn) -> str:
    """The number 13800001234 in any mixture of digits, prefixes, invisible marks and separators."""
    digits = [draw(st.sampled_from(OF_VALUE[int(digit)])) + draw(BETWEEN) for digit in "13800001234"]
    prefix = draw(st.sampled_from(["", "+86", "0086", "86", "tel:", "tel:+86-", "＋８６", "'", "\u202a"]))
    return prefix + "".join(digits) + draw(st.sampled_from(["", ".0", "。", ",", ";", "\u202c", " "]))
