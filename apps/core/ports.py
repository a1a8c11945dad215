"""Ports: what a room below needs answered by a room above.

A room declares a port with the protocol of the answer; exactly one room above provides the implementation in
its `apps.py`. A port without one is an error when the site starts (`hegui.E003`) and when it is asked: an
unanswered question is never a yes.
"""

from typing import Any, Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured

P = TypeVar("P")
PORTS: "list[Port[Any]]" = []


class Port(Generic[P]):
    """One question to rooms above; `name` is how checks and errors call it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._provider: P | None = None
        PORTS.append(self)

    @property
    def is_provided(self) -> bool:
        return self._provider is not None

    def provide(self, provider: P) -> None:
        """Raises `ImproperlyConfigured` when another implementation is there already."""
        if self._provider is not None and self._provider is not provider:
            raise ImproperlyConfigured(f"The port {self.name} has an implementation already.")
        self._provider = provider

    @property
    def provider(self) -> P:
        """The implementation. Raises `ImproperlyConfigured` when no room has provided one."""
        if self._provider is None:
            raise ImproperlyConfigured(f"No app provides the port {self.name}.")
        return self._provider
