"""Before the site opens: the keyring has to open what was stored last."""

from django.apps import apps

from ..errors import DecryptionFailed, KeyringError
from ..privacy.fields import protected_fields


def open_newest() -> None:
    """Read the newest row of every table with protected fields.

    Raises `KeyringError` naming the table whose newest row this keyring cannot open.
    """
    for model in apps.get_models():
        names = protected_fields(model)
        if not names:
            continue
        try:
            model._base_manager.order_by("-pk").only(*names).first()
        except DecryptionFailed:
            raise KeyringError(
                f"The keyring does not open the newest row of {model._meta.db_table}. "
                "Put the right HEGUI_KEYRING back; nothing was changed."
            ) from None
