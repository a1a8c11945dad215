"""What a session holds lies encrypted in its table (R7): a form that waits for the password may hold personal data."""

import json
from typing import Any

from apps.core.crypto import cipher

_BOUND_TO = b"django_session.session_data"


class EncryptedSerializer:
    """For `SESSION_SERIALIZER`. A session under a key that is gone, or of before, cannot be read: its person signs in again."""

    def dumps(self, values: dict[str, Any]) -> bytes:
        return cipher.encrypt(json.dumps(values, separators=(",", ":")).encode(), purpose="fields", bound_to=_BOUND_TO)

    def loads(self, data: bytes) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(cipher.decrypt(data, purpose="fields", bound_to=_BOUND_TO))
        return values
