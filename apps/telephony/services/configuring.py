"""What the gateway has to know beforehand: who may send."""

from typing import Any

from apps.core.privacy.protected import clear_for_machine

from ..models import Dialler


def configuration() -> dict[str, Any]:
    """The diallers in use: addresses, and the HA1 of their digest, which is as good as a password and goes to
    the gateway only."""
    return {
        "diallers": [
            _as_json(dialler)
            for dialler in Dialler.objects.filter(is_active=True, client__is_active=True).order_by("pk")
        ]
    }


def _as_json(dialler: Dialler) -> dict[str, Any]:
    return {
        "id": dialler.public_id,
        "addresses": dialler.addresses,
        "user": dialler.user,
        "ha1": _digest(dialler),
    }


def _digest(dialler: Dialler) -> str | None:
    return clear_for_machine(dialler.password_hash) if dialler.password_hash else None
