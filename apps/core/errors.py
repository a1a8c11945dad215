"""The one hierarchy of errors that people and programs are meant to see.

Each error has a stable `code` (the API's problem+json carries it), an HTTP status, and a
sentence that says what was wrong, where, and what to do. Pages show the sentence.
"""

from django.utils.translation import gettext_lazy as _


class HeguiError(Exception):
    """Base of every error of ours. `str(error)` is the sentence; it never holds personal data."""

    code = "error"
    status = 400
    sentence = _("The request could not be carried out.")

    def __init__(self, sentence: object = None, **facts: object) -> None:
        super().__init__()
        self.facts = facts
        self.said = sentence or self.sentence

    def __str__(self) -> str:
        text = str(self.said)
        return text % self.facts if self.facts else text


class BadInput(HeguiError):
    """`form_field`: beside which field of its form the sentence belongs, where one is to blame."""

    code = "bad_input"
    status = 422

    def __init__(self, sentence: object = None, *, form_field: str = "", **facts: object) -> None:
        super().__init__(sentence, **facts)
        self.form_field = form_field


class NotFound(HeguiError):
    code = "not_found"
    status = 404
    sentence = _("There is no such thing, or it is not yours to see.")


class NotAllowed(HeguiError):
    code = "not_allowed"
    status = 403
    sentence = _("Your role does not include this.")


class FourEyes(HeguiError):
    code = "four_eyes"
    status = 409
    sentence = _("Somebody else has to approve this: nobody approves what they wrote.")


class WrongState(HeguiError):
    code = "wrong_state"
    status = 409
    sentence = _("This is no longer possible in its present state. Reload the page.")


class PersonalDataFound(BadInput):
    """A resident-ID or bank-card number stands where neither may be kept (R1)."""

    code = "personal_data_found"
    sentence = _("A resident-ID or bank-card number stands here. Take it out: it may not be collected (R1).")


class KeyringError(HeguiError):
    code = "keyring"
    status = 500


class DecryptionFailed(KeyringError):
    code = "decryption_failed"
    sentence = _("A stored value could not be opened: its key is missing or it was altered.")


class KeyReused(BadInput):
    code = "idempotency_key_reused"
    sentence = _("This Idempotency-Key was used for another request. Take a new one.")


class ServiceAway(HeguiError):
    code = "service_away"
    status = 503
    sentence = _("A service that this needs does not answer. Try again in a minute.")


class StorageAway(ServiceAway, OSError):
    """As a failing disk: whoever is prepared for `OSError` is prepared for this."""

    code = "storage_away"
    sentence = _(
        "The storage of files does not do what it was asked to (%(why)s). Nothing was lost; try again in a "
        "minute."
    )


def sentence_of(error: Exception) -> str:
    """What people read of a failure: our own sentences; of other errors, which may hold data, the kind
    alone."""
    return str(error) if isinstance(error, HeguiError) else type(error).__name__
