"""What a person may do with protected fields, and why: the one answer for pages, API and exports.

A right comes from the role group, from a row of the person's own, or from a temporary grant that
is approved and not over. It is loaded once for a person (one query) and then asked in memory,
so a page of rows costs no query per row. Rights on campaigns are asked of `campaigns.queries`,
which knows the campaigns; a value may be seen by who has both.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, F, QuerySet, Value
from django.db.models.functions import Cast

from apps.accounts.models import User
from apps.core.calendar import clock

from .field_rights import NEVER
from .models import ProtectedFieldGroupPermission, ProtectedFieldUserPermission, TemporaryGrant

NEVER_ENDS = Cast(Value(None), DateTimeField())


@dataclass(frozen=True)
class RightReason:
    """Why a person has a right: `role`, `direct` or `grant`, and of which row."""

    why: str
    source: str
    row: int
    until: datetime | None = None


class Rights:
    """The rights of one person on protected fields at one moment."""

    def __init__(self, user: User, at: datetime) -> None:
        self.reasons: dict[tuple[str, str], list[RightReason]] = {}
        if not user.is_active:
            return
        by_group = ProtectedFieldGroupPermission.objects.filter(group__user=user, group__name=user.role)
        by_person = ProtectedFieldUserPermission.objects.filter(user=user)
        grants = in_force(at).filter(beneficiary=user, field__isnull=False)
        rows = _rows_of(by_group, "role", "content_object__name", "permission__codename").union(
            _rows_of(by_person, "direct", "content_object__name", "permission__codename"),
            _rows_of(grants, "grant", "field__name", "right", until=F("ends_at")),
            all=True,
        )
        sources = {"role": user.role, "direct": user.username}
        for why, row, field, right, until in rows:
            self._add(user, field, right, RightReason(why, sources.get(why, str(row)), row, until))

    def _add(self, user: User, field: str, right: str, reason: RightReason) -> None:
        if right not in NEVER.get(user.role, ()):
            self.reasons.setdefault((field, right), []).append(reason)

    def may(self, field: str, right: str) -> bool:
        return (field, right) in self.reasons

    def why(self, field: str, right: str) -> list[RightReason]:
        return self.reasons.get((field, right), [])


def _rows_of(
    rows: QuerySet[Any], why: str, field: str, right: str, until: Any = NEVER_ENDS
) -> QuerySet[Any, Any]:
    named = {"row_why": Value(why), "row_field": F(field), "row_right": F(right), "row_until": until}
    result: QuerySet[Any, Any] = rows.annotate(**named).values_list(
        "row_why", "pk", "row_field", "row_right", "row_until"
    )
    return result


def in_force(at: datetime) -> QuerySet[TemporaryGrant]:
    """Temporary grants that hold at `at`: the check itself ends them, whatever the task has done."""
    return TemporaryGrant.objects.filter(
        state=TemporaryGrant.State.APPROVED, decided_at__lte=at, ends_at__gt=at
    )


def rights_of(user: User) -> Rights:
    """The rights of the person of this request, loaded once."""
    known: Rights | None = user.__dict__.get("_rights")
    if known is None:
        known = user.__dict__["_rights"] = Rights(user, clock.now())
    return known


def shown_to(user: User, obj: Any, field: str) -> str:
    """A protected value as far as the person may see it: its mask, a dash for none, nothing without the right
    to see the mask."""
    if not rights_of(user).may(f"{obj._meta.label_lower}.{field}", "view_masked"):
        return ""
    held = getattr(obj, field)
    return str(held) if held else "–"
