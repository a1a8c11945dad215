"""Lines that people write about their work."""

from django.utils.translation import gettext as _

from ..crypto import blind_index
from ..errors import BadInput, PersonalDataFound
from . import forbidden_numbers, phones

BLOT = "▇▇▇"


def has_number(text: str) -> bool:
    """Whether a resident-ID, bank-card or mobile number stands in a text, however it is written."""
    return forbidden_numbers.find(text) is not None or phones.find_in(text)


def kept_reference(text: str) -> str:
    """A program's reference as it may be kept: one that reads like a number of a person by its keyed hash, so
    that it still is the same one, and nothing is refused for it."""
    return f"~{blind_index.tag([text])}" if has_number(text) else text


def blotted(text: str) -> str:
    """The text with each such number taken out: where what was said has to be kept, and the number must
    not."""
    return phones.without(forbidden_numbers.without(text, BLOT)[0], BLOT)


def without_number(identifier: str) -> str:
    """An id that a program chose, as it may stand in an ordinary column: one that holds a number of a person
    becomes its keyed hash, always the same one."""
    return f"~{blind_index.tag([identifier])}" if identifier and has_number(identifier) else identifier


def whole_text(text: str, most: int) -> str:
    """The text, trimmed. Nothing that somebody wrote is cut off: one of over `most` characters raises
    `BadInput`."""
    text = text.replace("\x00", "").strip()
    if len(text) > most:
        raise BadInput(
            _("Your text has %(count)s characters; %(most)s are the most. Shorten it."),
            count=len(text),
            most=most,
        )
    return text


def checked_text(text: str, what_is_missing: str = "", *, most: int = 500) -> str:
    """The text, trimmed, of at most `most` characters, with no number of a person in it (R1). An empty one is
    refused with `what_is_missing`, where there is such a sentence. Raises `BadInput`."""
    text = whole_text(text, most)
    if not text and what_is_missing:
        raise BadInput(what_is_missing)
    if has_number(text):
        raise PersonalDataFound(_("Your text holds a number of a person. Leave it out (R1)."))
    return text
