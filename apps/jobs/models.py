"""Long work as rows: who asked, how far it is, what came out. A job survives the page and the
worker that runs it: a lease says who works on it, and whoever finds it lapsed goes on."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.core.database.base_models import Dated

LEASE = timedelta(minutes=2)


class Job(Dated):
    IN_TRAIL = False
    NOT_TYPED = ("kind", "task", "sentence")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("job", "waiting")
        RUNNING = "running", _("running")
        DONE = "done", pgettext_lazy("job, run, import", "done")
        REFUSED = "refused", pgettext_lazy("background job", "refused")
        FAILED = "failed", pgettext_lazy("job, run", "failed")

    kind = models.CharField(max_length=40)
    task = models.CharField(max_length=120)
    owner = models.ForeignKey(User, models.PROTECT, related_name="jobs")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    sentence = models.TextField(blank=True)
    leased_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # attempts that ended because a store or service was away
    aways = models.PositiveSmallIntegerField(default=0, db_default=0)
    # how often workers were notified of it since it last ran
    wakes = models.PositiveSmallIntegerField(default=0)
    wake_at = models.DateTimeField(null=True)  # when they are notified next, should it still wait

    class Meta:
        indexes = [
            models.Index(
                fields=["leased_until"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="job_to_pick_up",
            )
        ]

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.REFUSED, self.State.FAILED}

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


class FileToDelete(Dated):
    """An encrypted file that no row names any more: written in the transaction that drops its row, deleted
    with the file."""

    IN_TRAIL = False
    NOT_TYPED = ("name",)

    name = models.CharField(max_length=80, unique=True)
    tries = models.PositiveIntegerField(default=0)


class DutyRun(models.Model):
    """When each task of the schedule last ended well: what is missing raises an alarm."""

    IN_TRAIL = False
    NOT_TYPED = ("task",)

    task = models.CharField(max_length=120, unique=True)
    ended_at = models.DateTimeField()
