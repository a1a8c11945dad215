"""Lines that people write about their work."""

from django.utils.translation import gettext as _

from . import detect, phones
from .errors import BadInput, PersonalDataFound


def checked_text(text: str, what_is_missing: str = "", *, most: int = 500) -> str:
    """The text, trimmed and cut to `most` characters, with no number of a person in it (R1). An empty one is refused with
    `what_is_missing`, where there is such a sentence. Raises `BadInput`."""
    text = text.replace("\x00", "").strip()
    if not text and what_is_missing:
        raise BadInput(what_is_missing)
    if detect.find(text) or phones.find_in(text):
        raise PersonalDataFound(_("Your text holds a number of a person. Leave it out (R1)."))
    return text[:most]
