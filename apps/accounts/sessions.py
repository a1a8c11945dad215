"""What a session holds lies encrypted in its table (R7): a form that waits for the password may hold personal
data."""

import json
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as InDatabase

from apps.core.crypto import cipher
from apps.core.database.availability import is_away

_BOUND_TO = b"django_session.session_data"


class EncryptedSerializer:
    """For `SESSION_SERIALIZER`. A session under a key that is gone, or of before, cannot be read: its person
    signs in again."""

    def dumps(self, values: dict[str, Any]) -> bytes:
        return cipher.encrypt(
            json.dumps(values, separators=(",", ":")).encode(), purpose="fields", bound_to=_BOUND_TO
        )

    def loads(self, data: bytes) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(cipher.decrypt(data, purpose="fields", bound_to=_BOUND_TO))
        return values


class SessionStore(InDatabase):
    """For `SESSION_ENGINE`. Django takes any error of the database at the end of a page for a session that
    was deleted meanwhile, and answers 400; a database that is away is 503, and the page asks again by
    itself."""

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            if error.__context__ is not None and is_away(error.__context__):
                raise error.__context__ from None
            raise
