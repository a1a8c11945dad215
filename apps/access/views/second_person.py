"""What an administrator asked for and somebody else has to agree to: roles, keys, lost second factors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import services
from apps.accounts.models import FactorReset, KeyRequest, RoleRequest, TwoPersonRequest, User
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import NotFound
from apps.notifications.services import notify
from apps.ui.decorators import for_roles, sudo
from apps.ui.pages import said

from .. import queries


@dataclass(frozen=True)
class Kind:
    model: type[TwoPersonRequest]
    decide: Callable[..., TwoPersonRequest]


KINDS = {
    "role": Kind(RoleRequest, lambda asked, **how: services.decide_role_request(asked=asked, **how)),
    "key": Kind(KeyRequest, lambda asked, **how: services.decide_key_request(asked=asked, **how)),
    "factor": Kind(FactorReset, lambda asked, **how: services.decide_factor_reset(reset=asked, **how)),
}


@for_roles(Role.ADMIN, Role.COMPLIANCE)
@require_GET
def second_person(request: StaffRequest) -> HttpResponse:
    """Each with who asks and until when it can be decided."""
    roles, keys, factors = queries.second_person_requests()
    shown = {
        "roles": roles.select_related("user", "asked_by"),
        "keys": keys.select_related("client", "asked_by").prefetch_related("client__campaigns"),
        "factors": factors.select_related("user", "asked_by"),
    }
    return render(request, "access/second_person.html", shown)


@for_roles(Role.ADMIN, Role.COMPLIANCE)
@require_POST
@sudo
def second_person_decide(request: StaffRequest, kind: str, pk: int) -> HttpResponse:
    if kind not in KINDS:
        raise NotFound()
    asked = get_object_or_404(KINDS[kind].model._default_manager.select_related("asked_by"), pk=pk)
    approve = "approve" in request.POST
    done = _("Agreed.") if approve else _("Refused.")
    if said(request, lambda: KINDS[kind].decide(asked, actor=request.user, approve=approve), done):
        _notify(asked, approve, who=request.user)
    return redirect("second_person")


def _notify(asked: TwoPersonRequest, approve: bool, *, who: User) -> None:
    facts: dict[str, Any] = {}
    if isinstance(asked, KeyRequest):
        about, code = str(asked.client), "key_agreed"
        to, facts = {asked.asked_by}, {"client": about}
    elif isinstance(asked, RoleRequest):
        about, code = str(asked.user), "role_given"
        to, facts = {asked.user, asked.asked_by}, {"person": about, "role": asked.role}
    elif isinstance(asked, FactorReset):
        about, code = str(asked.user), "factor_removed"
        to = {asked.user}
    if approve:
        notify(to, code, who=str(who), **facts)
    else:
        notify([asked.asked_by], "not_agreed", who=str(who), person=about)
