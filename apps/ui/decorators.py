"""Who may open a view, and what wants the password again."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponseBase

from apps.core.errors import NotAllowed

View = Callable[..., HttpResponseBase]


def for_roles(*roles: str) -> Callable[[View], View]:
    """The view answers these roles and refuses all others. `view.roles` feeds the navigation."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.role not in roles:  # type: ignore[union-attr]
                raise NotAllowed()
            return view(request, *args, **kwargs)

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate


# Sudo mode: the view needs the password or a second factor within the last ten minutes. Asked for before its form is shown; what was
# sent after the ten minutes is kept and goes on once the password was given.
sudo = reauthentication_required
