"""Who may open a view, and what wants the password again."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from apps.accounts.roles import Role
from apps.core.errors import NotAllowed
from apps.core.wording import join_items

from .drafts import drop_sent

View = Callable[..., HttpResponseBase]


def for_roles(*roles: str) -> Callable[[View], View]:
    """The view answers these roles and refuses all others. `view.roles` feeds the navigation."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.role not in roles:  # type: ignore[union-attr]
                may = join_items(Role(role).label for role in Role.values if role in roles)
                raise NotAllowed(
                    _("Your role does not include this page. Who may open it: %(roles)s."), roles=may
                )
            return view(request, *args, **kwargs)

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate


def sudo(view: View) -> View:
    """The view needs the password or a second factor within the last ten minutes. It is asked for before a
    form is shown.

    What was sent after the ten minutes is kept, encrypted in the session, and goes on once the password was
    given; it is dropped when the page is opened anew, so that nothing runs that a person has left.
    """
    asks = reauthentication_required(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            request.session.pop(STATE_SESSION_KEY, None)
        answer: HttpResponseBase = asks(request, *args, **kwargs)
        drop_sent(request, answer)
        return answer

    return guarded
