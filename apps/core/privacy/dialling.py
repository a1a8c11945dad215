"""The hand-over of a number to the machine that dials it."""

from .protected import NotCanonical, Protected, clear_for_machine


def number_to_dial(phone: Protected) -> str:
    """E.164 in clear, for the answer to a dialler whose call the gate allowed.

    The caller has written the trail before, in the same request; people never get here. Raises
    `NotCanonical`.
    """
    if phone.kind != "phone":
        raise NotCanonical()
    return clear_for_machine(phone)
