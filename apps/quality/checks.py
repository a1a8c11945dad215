"""A speech-to-text adapter that cannot work is named at the start, not by the first recording."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string


def adapter_can_be_made(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    name = settings.HEGUI_SPEECH_TO_TEXT
    if not name:
        return []
    try:
        import_string(name)()
    except (ImportError, ImproperlyConfigured) as error:
        hint = (
            "HEGUI_SPEECH_TO_TEXT names a class, HEGUI_SPEECH_MODEL the folder of a model; "
            "docs/operations.md, Speech to text."
        )
        return [
            Error(f"The speech-to-text adapter {name} cannot be used: {error}", hint=hint, id="hegui.E032")
        ]
    return []
