"""Who may do what, and why: for the matrix, a person's page and a field's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.accounts.models import FactorReset, KeyRequest, RoleRequest, User
from apps.accounts.roles import Role
from apps.accounts.services import open_requests
from apps.audit.models import AccessEvent

from . import tables_of_rights
from .field_rights import NEVER
from .models import (
    ProtectedField,
    ProtectedFieldGroupPermission,
    ProtectedFieldUserPermission,
    ReviewItem,
    TemporaryGrant,
)
from .rights import in_force


@dataclass(frozen=True)
class HeldRight:
    """One right of one person: on what, why (`role`, `direct`, `grant`), until when, last used."""

    person: User
    what: str
    right: str
    why: str
    until: datetime | None = None
    last_used: datetime | None = None


def rights_of_people(people: Sequence[User], now: datetime) -> list[HeldRight]:
    """Every right of these people. The number of queries does not depend on how many they are."""
    by_pk = {person.pk: person for person in people}
    used = {
        (row["actor_id"], row["field"]): row["last"]
        for row in AccessEvent.objects.filter(actor__in=by_pk, kind=AccessEvent.Kind.DISCLOSED)
        .values("actor_id", "field")
        .annotate(last=Max("created_at"))
    }
    held: list[HeldRight] = []

    def add(person: User, what: str, right: str, why: str, until: datetime | None = None) -> None:
        if person.is_active and right not in NEVER.get(person.role, ()):
            last = used.get((person.pk, what)) if right == "view_clear" else None
            held.append(HeldRight(person, what, right, why, until, last))

    by_role: dict[str, list[tuple[str, str]]] = {}
    rows = ProtectedFieldGroupPermission.objects.values_list(
        "group__name", "content_object__name", "permission__codename"
    )
    for role, name, right in rows.order_by("content_object__name", "permission__codename"):
        by_role.setdefault(role, []).append((name, right))
    for person in people:
        for name, right in by_role.get(person.role, []):
            add(person, name, right, "role")
    for model in tables_of_rights.of_people():
        for row in (
            model.objects.filter(user__in=by_pk).select_related("content_object", "permission").order_by("pk")
        ):
            why = "direct" if model is ProtectedFieldUserPermission else "campaign"
            add(by_pk[row.user_id], str(row.content_object), row.permission.codename, why)
    for grant in in_force(now).filter(beneficiary__in=by_pk).select_related("field"):
        add(by_pk[grant.beneficiary_id], grant.what, grant.right, "grant", grant.ends_at)
    return sorted(held, key=lambda each: (each.person.username, each.what, each.right))


def who_may(field: ProtectedField, now: datetime) -> list[HeldRight]:
    """Everybody with a right on a field: of at most 1,000 people, agents' masks left out."""
    people = list(
        User.objects.filter(is_active=True)
        .exclude(role=Role.ADMIN)
        .select_related("department")
        .order_by("username")[:1000]
    )
    return [
        held
        for held in rights_of_people(people, now)
        if held.what == field.name and held.right != "view_masked"
    ]


def grants_of(viewer: User) -> QuerySet[TemporaryGrant]:
    """One's own; all for those who decide."""
    grants = TemporaryGrant.objects.select_related("beneficiary", "field", "requested_by", "approved_by")
    if viewer.role in {Role.ADMIN, Role.COMPLIANCE}:
        return grants
    return grants.filter(beneficiary=viewer) | grants.filter(requested_by=viewer)


def second_person_requests(
    *, besides: User | None = None
) -> tuple[QuerySet[RoleRequest], QuerySet[KeyRequest], QuerySet[FactorReset]]:
    """What waits for a second person; without what `besides` asked for, or is about them."""
    roles = RoleRequest.objects.filter(open_requests()).order_by("pk")
    keys = KeyRequest.objects.filter(open_requests(), client__is_active=True).order_by("pk")
    factors = FactorReset.objects.filter(open_requests()).order_by("pk")
    if besides is not None:
        roles = roles.exclude(asked_by=besides).exclude(user=besides)
        keys = keys.exclude(asked_by=besides)
        factors = factors.exclude(asked_by=besides).exclude(user=besides)
    return roles, keys, factors


def review_items_of(viewer: User) -> QuerySet[ReviewItem]:
    """What waits for the viewer, each with its last use (of a campaign right: the last sign-in);
    everything for admins and compliance to read."""
    used = AccessEvent.objects.filter(
        actor=OuterRef("holder"), field=OuterRef("what"), kind=AccessEvent.Kind.DISCLOSED
    ).order_by("-created_at")
    items = ReviewItem.objects.select_related("review", "holder", "reviewer").annotate(
        last_used=Coalesce(Subquery(used.values("created_at")[:1]), F("holder__last_login"))
    )
    return items if viewer.role in {Role.ADMIN, Role.COMPLIANCE} else items.filter(reviewer=viewer)
