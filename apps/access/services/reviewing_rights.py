"""Reviews: the people who answer for them confirm rights; what is not confirmed in time is revoked."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services.people import require_admin
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.notifications.services import notify

from .. import tables_of_rights
from ..models import Review, ReviewItem, TemporaryGrant
from ..rights import in_force

LONGEST = timedelta(days=60)
BATCH = 2_000


@transaction.atomic
def start_review(*, actor: User, name: str, due_on: date | None) -> Review:
    """Put every right that a person holds by more than their role before somebody who answers for it."""
    require_admin(actor)
    today = clock.now().date()
    if due_on is None or not today < due_on <= today + LONGEST:
        raise BadInput(_("Say by when rights have to be confirmed: from tomorrow, within 60 days."))
    review = Review.objects.create(name=name.strip()[:80] or str(due_on), started_by=actor, due_on=due_on)
    reviewers = _Reviewers()
    batch: list[ReviewItem] = []
    result: set[User] = set()
    for holder, source, pk, what, right in _rights_of_people(clock.now()):
        reviewer = reviewers.of(holder)
        if reviewer is not None:
            result.add(reviewer)
        batch.append(
            ReviewItem(
                review=review,
                holder_id=holder,
                reviewer=reviewer,
                source=source,
                source_pk=pk,
                what=what,
                right=right,
            )
        )
        if len(batch) == BATCH:
            ReviewItem.objects.bulk_create(batch)
            batch = []
    ReviewItem.objects.bulk_create(batch)
    notify(result, "review_due", due=due_on.isoformat())
    return review


def _rights_of_people(now: datetime) -> Iterator[tuple[int, str, int, str, str]]:
    for model in tables_of_rights.of_people():
        rows: Any = model.objects.filter(user__is_active=True).select_related("content_object", "permission")
        for row in rows.iterator(chunk_size=BATCH):
            yield (
                row.user_id,
                model._meta.label,
                row.pk,
                str(row.content_object)[:120],
                row.permission.codename,
            )
    for grant in in_force(now).select_related("field"):
        yield grant.beneficiary_id, TemporaryGrant._meta.label, grant.pk, grant.what[:120], grant.right


class _Reviewers:
    """Who answers for a person: a supervisor of their department, else compliance, else an admin; never
    themselves."""

    def __init__(self) -> None:
        active = User.objects.filter(is_active=True).order_by("pk")
        self.department = dict(User.objects.values_list("pk", "department_id"))
        self.by_department: dict[int, list[User]] = {}
        for supervisor in active.filter(role=Role.SUPERVISOR):
            self.by_department.setdefault(supervisor.department_id, []).append(supervisor)
        self.others = [*active.filter(role=Role.COMPLIANCE), *active.filter(role=Role.ADMIN)]

    def of(self, holder: int) -> User | None:
        nearest = self.by_department.get(self.department[holder], [])
        return next((person for person in [*nearest, *self.others] if person.pk != holder), None)


@transaction.atomic
def decide_item(*, actor: User, item: ReviewItem, confirm: bool) -> ReviewItem:
    """Confirm or revoke a right. Only its reviewer may; nobody reviews their own."""
    item = ReviewItem.objects.select_for_update(of=("self",)).select_related("review").get(pk=item.pk)
    if actor.pk != item.reviewer_id or actor.pk == item.holder_id or not actor.is_active:
        raise NotAllowed()
    if item.verdict != ReviewItem.Verdict.OPEN or item.review.closed_at:
        raise WrongState()
    if not confirm:
        _revoke(item)
    item.verdict = ReviewItem.Verdict.CONFIRMED if confirm else ReviewItem.Verdict.REVOKED
    item.decided_at = clock.now()
    item.save()
    return item


def _revoke(item: ReviewItem) -> None:
    row = tables_of_rights.row_of(item.source, item.source_pk)
    if row is None:
        return
    if isinstance(row, TemporaryGrant):
        row.state, row.ended_at = TemporaryGrant.State.ENDED, clock.now()
        row.save()
    else:
        row.delete()


@transaction.atomic
def close_due_reviews(*, now: datetime | None = None) -> int:
    """Revoke what was not confirmed by the end of the due day; returns how many rights that were."""
    now = now or clock.now()
    revoked = 0
    for review in Review.objects.select_for_update(skip_locked=True).filter(
        closed_at__isnull=True, due_on__lt=now.date()
    ):
        for item in review.items.filter(verdict=ReviewItem.Verdict.OPEN):
            _revoke(item)
            item.verdict, item.decided_at = ReviewItem.Verdict.LAPSED, now
            item.save()
            revoked += 1
        review.closed_at = now
        review.save()
    return revoked
