"""Test clients: https as in production, on a host name that the site knows."""

import json
from typing import Any

from django.test import Client


class SecureClient(Client):
    def __init__(self, **headers: str) -> None:
        super().__init__(headers={"host": "localhost", **headers})

    def generic(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["secure"] = True
        return super().generic(*args, **kwargs)


class Api:
    """Speaks the API with a key."""

    def __init__(self, key: str) -> None:
        self.client = SecureClient(authorization=f"Bearer {key}")

    def post(self, path: str, body: Any, **headers: str) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(f"/api/v1/{path}", text, content_type="application/json", headers=headers)

    def put(self, path: str, body: bytes, **headers: str) -> Any:
        return self.client.put(f"/api/v1/{path}", body, content_type="audio/wav", headers=headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """PUT, PATCH or DELETE with a JSON body."""
        text = "" if body is None else json.dumps(body)
        return getattr(self.client, method)(
            f"/api/v1/{path}", text, content_type="application/json", headers=headers
        )

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}")


def problem(answer: Any) -> tuple[int, str]:
    """Status and code of an answer that has to be an RFC 9457 problem."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["detail"]
    return answer.status_code, body["code"]
