"""The permission audit: what is, against what the role table says and what is used (R22).

Every kind of finding is one generator of `NewFinding`s; each asks the database for offenders only, so
that ten thousand people and hundreds of thousands of rights take seconds. A finding is distinguished
from others by its fingerprint, by which an audit is compared with the one before.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import TruncHour
from guardian.models import GroupObjectPermission, UserObjectPermission

from apps.accounts import services as people
from apps.accounts.models import ApiClient, User
from apps.accounts.roles import SECOND_FACTOR_ROLES, Role
from apps.accounts.services.people import require_admin
from apps.audit.models import AccessEvent
from apps.core.calendar import clock
from apps.core.errors import NotAllowed, WrongState
from apps.notifications.services import notify

from .. import tables_of_rights
from ..field_rights import CAMPAIGN_RIGHTS, FIELD_RIGHTS
from ..models import (
    Finding,
    PermissionAudit,
    ProtectedFieldGroupPermission,
    ProtectedFieldUserPermission,
    TemporaryGrant,
)
from .applying_roles import apply_roles

Kind, Severity = Finding.Kind, Finding.Severity
DORMANT = timedelta(days=90)
SETTLING_IN = timedelta(days=30)
DUE = {
    Severity.HIGH: timedelta(days=3),
    Severity.MEDIUM: timedelta(days=14),
    Severity.LOW: timedelta(days=30),
}
ADDRESSES_IN_AN_HOUR = 3
BATCH = 2_000


@dataclass(frozen=True)
class NewFinding:
    kind: str
    severity: str
    subject: int | None = None
    client: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        result = json.dumps(
            [self.kind, self.subject, self.client, self.evidence], sort_keys=True, default=str
        )
        return hashlib.sha256(result.encode()).hexdigest()


# -- what can be found


def _role_groups(now: datetime) -> Iterator[NewFinding]:
    """Role groups that were edited by hand: rights too many or too few."""
    wanted = {
        (role, name, right)
        for role, table in FIELD_RIGHTS.items()
        for name, rights in table.items()
        for right in rights
    }
    stored = {}
    rows = ProtectedFieldGroupPermission.objects.values_list(
        "pk", "group__name", "content_object__name", "permission__codename"
    )
    for pk, group, name, right in rows:
        stored[(group, name, right)] = pk
    label = ProtectedFieldGroupPermission._meta.label
    for key in sorted(stored.keys() - wanted):
        yield NewFinding(
            Kind.EXCESS,
            Severity.HIGH,
            evidence={"table": label, "row": stored[key], "group": key[0], "on": key[1], "right": key[2]},
        )
    for role, name, right in sorted(wanted - stored.keys()):
        yield NewFinding(
            Kind.MISSING, Severity.MEDIUM, evidence={"group": str(role), "on": name, "right": right}
        )
    for model in (UserObjectPermission, GroupObjectPermission, *tables_of_rights.of_groups()):
        if model is not ProtectedFieldGroupPermission:
            for pk, right in model.objects.values_list("pk", "permission__codename"):
                yield NewFinding(
                    Kind.EXCESS,
                    Severity.HIGH,
                    evidence={"table": model._meta.label, "row": pk, "right": right},
                )


def _groups_of_people(now: datetime) -> Iterator[NewFinding]:
    """People whose groups are not just the one of their role."""
    memberships = User.groups.through.objects.filter(group__name__in=Role.values).exclude(
        group__name=F("user__role")
    )
    for person, group in memberships.values_list("user_id", "group__name"):
        yield NewFinding(Kind.CONFLICT, Severity.HIGH, subject=person, evidence={"group": group})
    in_group = User.groups.through.objects.filter(user_id=OuterRef("pk"), group__name=OuterRef("role"))
    for person, role in User.objects.filter(~Exists(in_group), is_active=True).values_list("pk", "role"):
        yield NewFinding(Kind.MISSING, Severity.MEDIUM, subject=person, evidence={"group": role})


def _direct(now: datetime) -> Iterator[NewFinding]:
    rows = ProtectedFieldUserPermission.objects.values_list(
        "pk", "user_id", "content_object__name", "permission__codename"
    )
    for pk, person, name, right in rows.iterator():
        evidence = {"table": ProtectedFieldUserPermission._meta.label, "row": pk, "on": name, "right": right}
        yield NewFinding(Kind.DIRECT, Severity.HIGH, subject=person, evidence=evidence)


def _campaign_rights(now: datetime) -> Iterator[NewFinding]:
    """Rights on objects that the holder's role may not have, or whose holder left or never came."""
    fits = Q(pk__in=[])
    for role, right in CAMPAIGN_RIGHTS.items():
        fits |= Q(user__role=role, permission__codename=right)
    for model in tables_of_rights.of_people():
        if model is ProtectedFieldUserPermission:
            continue
        left = model.objects.filter(user__is_active=False)
        odd = model.objects.filter(user__is_active=True).exclude(fits)
        unused = model.objects.filter(
            fits, user__is_active=True, user__last_login__isnull=True, user__date_joined__lt=now - SETTLING_IN
        )
        for rows, kind, severity in (
            (left, Kind.ORPHANED, Severity.MEDIUM),
            (odd, Kind.EXCESS, Severity.HIGH),
            (unused, Kind.NEVER_USED, Severity.LOW),
        ):
            for row in rows.select_related("content_object", "permission").iterator(chunk_size=BATCH):
                evidence = {
                    "table": model._meta.label,
                    "row": row.pk,
                    "on": str(row.content_object),
                    "right": row.permission.codename,
                }
                yield NewFinding(kind, severity, subject=row.user_id, evidence=evidence)


def _grants(now: datetime) -> Iterator[NewFinding]:
    lapsed = TemporaryGrant.objects.filter(state=TemporaryGrant.State.APPROVED, ends_at__lte=now)
    for pk, person in lapsed.values_list("pk", "beneficiary_id"):
        yield NewFinding(Kind.EXPIRED, Severity.MEDIUM, subject=person, evidence={"grant": pk})
    used = AccessEvent.objects.filter(
        actor=OuterRef("beneficiary"), field=OuterRef("field__name"), created_at__gte=OuterRef("decided_at")
    )
    idle = TemporaryGrant.objects.filter(
        ~Exists(used),
        state=TemporaryGrant.State.APPROVED,
        right="view_clear",
        ends_at__gt=now,
        decided_at__lt=now - timedelta(days=7),
    )
    for pk, person in idle.values_list("pk", "beneficiary_id"):
        yield NewFinding(Kind.NEVER_USED, Severity.LOW, subject=person, evidence={"grant": pk})


def _people(now: datetime) -> Iterator[NewFinding]:
    active = User.objects.filter(is_active=True)
    for person, seen in (
        active.filter(last_login__lt=now - DORMANT).values_list("pk", "last_login").iterator()
    ):
        yield NewFinding(
            Kind.DORMANT, Severity.MEDIUM, subject=person, evidence={"last_sign_in": f"{seen:%Y-%m-%d}"}
        )
    with_factor = Authenticator.objects.filter(user=OuterRef("pk")).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    for person in active.filter(~Exists(with_factor), role__in=SECOND_FACTOR_ROLES).values_list(
        "pk", flat=True
    ):
        yield NewFinding(Kind.NO_SECOND_FACTOR, Severity.HIGH, subject=person)
    sign_ins = AccessEvent.objects.filter(
        kind=AccessEvent.Kind.SIGNED_IN, created_at__gt=now - DORMANT, address__isnull=False
    )
    shared = (
        sign_ins.annotate(hour=TruncHour("created_at"))
        .values("actor_id", "hour")
        .annotate(addresses=Count("address", distinct=True))
        .filter(addresses__gte=ADDRESSES_IN_AN_HOUR)
        .order_by("actor_id", "hour")
    )
    result: set[int] = set()
    for row in shared:
        if row["actor_id"] not in result:
            result.add(row["actor_id"])
            evidence = {"hour": row["hour"].isoformat(), "addresses": row["addresses"]}
            yield NewFinding(Kind.SHARED, Severity.HIGH, subject=row["actor_id"], evidence=evidence)


def _clients(now: datetime) -> Iterator[NewFinding]:
    active = ApiClient.objects.filter(is_active=True)
    for pk in active.filter(ends_at__lte=now).values_list("pk", flat=True):
        yield NewFinding(Kind.EXPIRED, Severity.MEDIUM, client=pk, evidence={"client": pk})
    for pk in active.filter(owner__is_active=False).values_list("pk", flat=True):
        yield NewFinding(Kind.ORPHANED, Severity.HIGH, client=pk, evidence={"client": pk})
    idle = Q(last_used_at__lt=now - DORMANT) | Q(last_used_at__isnull=True, created_at__lt=now - SETTLING_IN)
    for pk in active.filter(idle, ends_at__gt=now, owner__is_active=True).values_list("pk", flat=True):
        yield NewFinding(Kind.CLIENT_UNUSED, Severity.LOW, client=pk, evidence={"client": pk})


SEARCHES = (_role_groups, _groups_of_people, _direct, _campaign_rights, _grants, _people, _clients)


# -- the audit


@transaction.atomic
def audit_permissions(*, actor: User | None = None, now: datetime | None = None) -> PermissionAudit:
    """Compare everything, store what was found, tell the admins. `actor` is None for the weekly task."""
    if actor is not None and (actor.role != Role.ADMIN or not actor.is_active):
        raise NotAllowed()
    now = now or clock.now()
    before = PermissionAudit.objects.order_by("-pk").first()
    known = (
        set(before.findings.filter(state=Finding.State.OPEN).values_list("fingerprint", flat=True))
        if before
        else set()
    )
    audit = PermissionAudit.objects.create(created_at=now, requested_by=actor)
    admins = list(User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk"))
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    batch: list[Finding] = []
    for search in SEARCHES:
        for found in search(now):
            if found.fingerprint in seen:
                continue
            seen.add(found.fingerprint)
            counts[found.kind] += 1
            batch.append(_finding(audit, found, now, admins, is_new=found.fingerprint not in known))
            if len(batch) == BATCH:
                Finding.objects.bulk_create(batch)
                batch = []
    Finding.objects.bulk_create(batch)
    audit.counts, audit.gone, audit.ended_at = dict(counts), len(known - seen), clock.now()
    audit.save()
    if counts:
        notify(admins, "audit_done", count=sum(counts.values()))
    return audit


def _finding(
    audit: PermissionAudit, found: NewFinding, now: datetime, admins: list[User], *, is_new: bool
) -> Finding:
    owner = next((admin for admin in admins if admin.pk != found.subject), None)
    return Finding(
        created_at=now,
        audit=audit,
        kind=found.kind,
        severity=found.severity,
        fingerprint=found.fingerprint,
        is_new=is_new,
        subject_id=found.subject,
        client_id=found.client,
        evidence=found.evidence,
        owner=owner,
        due_on=(now + DUE[Severity(found.severity)]).date(),
    )


# -- one click to resolve


@transaction.atomic
def resolve(*, actor: User, finding: Finding) -> Finding:
    """Do what the finding proposes. An admin may, but not for a finding about themselves."""
    require_admin(actor, on=finding.subject)
    finding = Finding.objects.select_for_update().get(pk=finding.pk)
    if finding.state != Finding.State.OPEN:
        raise WrongState()
    _resolve(actor, finding)
    finding.state, finding.resolved_by, finding.resolved_at = Finding.State.RESOLVED, actor, clock.now()
    finding.save()
    return finding


def _resolve(actor: User, finding: Finding) -> None:
    evidence = finding.evidence
    if "table" in evidence:
        row = tables_of_rights.row_of(evidence["table"], evidence["row"])
        if row is not None:
            row.delete()
    elif finding.client is not None:
        people.end_client(actor=actor, client=finding.client)
    elif "grant" in evidence:
        grant = TemporaryGrant.objects.select_for_update().get(pk=evidence["grant"])
        if grant.state == TemporaryGrant.State.APPROVED:
            grant.state, grant.ended_at = TemporaryGrant.State.ENDED, clock.now()
            grant.save()
    elif finding.subject is None:
        apply_roles()
    elif finding.kind in {Kind.CONFLICT, Kind.MISSING}:
        finding.subject.groups.set([Group.objects.get_or_create(name=finding.subject.role)[0]])
    elif finding.kind == Kind.DORMANT:
        people.deactivate(actor=actor, user=finding.subject)
    else:  # no second factor, shared sign-in: the next sign-in sets it right
        people.end_sessions(actor=actor, user=finding.subject)
