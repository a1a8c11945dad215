"""Public ids: a prefix that says what it is, and the row's number in Crockford's base 32.

Each room registers the kinds that stand in its addresses. Whether a person may see the row is never left to
the id: every view asks.
"""

from django.urls import register_converter

from ..errors import NotFound

# By name in addresses (`<contact:pk>`); most have a page that is called so.
PREFIXES: dict[str, str] = {}
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def encode(prefix: str, pk: int) -> str:
    digits = ""
    while pk:
        pk, place = divmod(pk, 32)
        digits = ALPHABET[place] + digits
    return f"{prefix}_{digits or '0'}"


def decode(prefix: str, public_id: str) -> int:
    """The row's number. Raises `NotFound` for anything that is not an id of this kind."""
    head, _, digits = public_id.partition("_")
    if head != prefix or not digits or len(digits) > 13 or any(digit not in ALPHABET for digit in digits):
        raise NotFound()
    pk = 0
    for digit in digits:
        pk = pk * 32 + ALPHABET.index(digit)
    if pk >= 2**63:
        raise NotFound()
    return pk


def row_number(text: str) -> int | None:
    """A row's number as it stands in an address or a form; None for anything else ("²" is a digit to Python,
    and no number)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


class PublicIdConverter:
    """`<contact:pk>` in a URL: the row's number for the view, the public id for people."""

    prefix = ""
    regex = "[a-z]{2}_[0-9a-z]{1,13}"

    def to_python(self, value: str) -> int:
        try:
            return decode(self.prefix, value)
        except NotFound:
            raise ValueError from None

    def to_url(self, value: int) -> str:
        return encode(self.prefix, value)


def register(**prefixes: str) -> None:
    """Kinds of ids of a room, by their names in addresses: called once, when the room starts. Raises
    `ValueError` for one that is taken."""
    for name, prefix in prefixes.items():
        if name in PREFIXES or prefix in PREFIXES.values():
            raise ValueError(f"the id {name} or its prefix {prefix} is registered already")
        PREFIXES[name] = prefix
        register_converter(type(f"{name.title()}Converter", (PublicIdConverter,), {"prefix": prefix}), name)
