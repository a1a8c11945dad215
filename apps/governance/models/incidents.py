"""Incidents (R37): personal data leaked, changed or lost; what was found, done and said, until two people
close it."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient, User
from apps.audit.models import Alarm
from apps.contacts.models import Contact
from apps.core.calendar.timestamps import is_possible
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import GuardedCharField, GuardedTextField
from apps.core.web import ids
from apps.jobs.models import Job
from apps.policies.triggers import NEVER_DELETED


class Incident(Dated):
    """The clock runs from `discovered_at`. `since` and `until` bound the time in which data may have been
    touched, `person` or `client` says by whom: from these the persons concerned are found in the access
    log."""

    class Kind(models.TextChoices):
        LEAK = "leak", pgettext_lazy("incident", "leak")
        CHANGE = "change", pgettext_lazy("incident", "alteration")
        LOSS = "loss", pgettext_lazy("incident", "loss")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("incident", "open")
        CLOSING = "closing", _("awaiting a second person")
        CLOSED = "closed", pgettext_lazy("incident", "closed")

    class ToPersons(models.TextChoices):
        UNDECIDED = "undecided", _("not decided yet")
        REQUIRED = "required", _("the persons are notified")
        NOT_REQUIRED = "not_required", _("not required: the measures avert the harm")

    kind = models.CharField(_("kind of incident"), max_length=6, choices=Kind)
    title = GuardedCharField(_("in one line"), max_length=120)
    alarm = models.OneToOneField(
        Alarm, models.PROTECT, verbose_name=_("alarm"), null=True, related_name="incident"
    )
    is_drill = models.BooleanField(_("drill"), default=False)
    discovered_at = models.DateTimeField(_("discovered"))
    since = models.DateTimeField(_("data touched from"))
    until = models.DateTimeField(_("data touched until"))
    person = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("by whom"), null=True, blank=True, related_name="+"
    )
    client = models.ForeignKey(
        ApiClient,
        models.PROTECT,
        verbose_name=_("by which API client"),
        null=True,
        blank=True,
        related_name="+",
    )
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="+")
    opened_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("recorded by"), related_name="+")
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.OPEN)
    # What the law wants to be said (PIPL, article 57), and what was learned.
    information = GuardedTextField(_("kinds of information concerned"), max_length=500, blank=True)
    cause = GuardedTextField(_("cause"), max_length=1000, blank=True)
    harm = GuardedTextField(_("possible harm"), max_length=1000, blank=True)
    measures = GuardedTextField(_("remedial measures taken"), max_length=1000, blank=True)
    advice = GuardedTextField(_("what the persons can do to reduce the harm"), max_length=1000, blank=True)
    contact = GuardedTextField(_("whom to ask, and how"), max_length=300, blank=True)
    lessons = GuardedTextField(_("lessons"), max_length=1000, blank=True)
    persons = models.PositiveIntegerField(_("persons concerned"), null=True)
    unnamed = models.PositiveIntegerField(_("looks at lists that name nobody"), default=0)
    erased = models.PositiveIntegerField(_("records of persons who were erased since"), default=0)
    scope_job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    scoped_at = models.DateTimeField(_("scope determined"), null=True)
    to_persons = models.CharField(
        _("notice to the persons"), max_length=12, choices=ToPersons, default=ToPersons.UNDECIDED
    )
    to_persons_why = GuardedCharField(_("why"), max_length=500, blank=True)
    to_persons_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("decided by"), null=True, related_name="+"
    )
    reminded_at = models.DateTimeField(null=True)
    closing_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("closing asked by"), null=True, related_name="+"
    )
    closed_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("closed by"), null=True, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=is_possible("discovered_at", "since", "until"), name="incident_times_are_possible"
            ),
            models.CheckConstraint(
                condition=Q(until__gte=F("since")),
                name="incident_ends_after_it_begins",
                violation_error_message=_("The time in which data was touched ends before it begins."),
            ),
            models.CheckConstraint(condition=~Q(closed_by=F("closing_by")), name="incident_closed_by_two"),
            models.CheckConstraint(
                condition=~Q(state="closed")
                | Q(closed_by__isnull=False, closing_by__isnull=False, closed_at__isnull=False),
                name="incident_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(to_persons="undecided") | Q(to_persons_by__isnull=False) & ~Q(to_persons_why=""),
                name="incident_notice_has_reason",
            ),
        ]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="closed_stays", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="closed")
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def public_id(self) -> str:
        return ids.encode("ic", self.pk)


class IncidentEntry(Dated):
    """The time line of an incident."""

    IN_TRAIL = False

    class Kind(models.TextChoices):
        OPENED = "opened", pgettext_lazy("incident", "recorded")
        NOTE = "note", pgettext_lazy("incident", "note")
        FACTS = "facts", _("facts changed")
        SCOPE = "scope", _("scope determined")
        TASK = "task", _("task")
        OWNER = "owner", _("owner")
        NOTICE = "notice", _("notice")
        CLOSING = "closing", _("closing asked for")
        BACK = "back", pgettext_lazy("incident", "not closed")
        CLOSED = "closed", pgettext_lazy("incident", "closed")

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=7, choices=Kind)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    note = GuardedCharField(max_length=500, blank=True)

    class Meta:
        ordering = ["created_at", "pk"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class IncidentTask(Dated):
    """A measure that somebody carries out."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="tasks")
    text = GuardedCharField(_("what is to be done"), max_length=300)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="+")
    due_on = models.DateField(_("due on"))
    done_at = models.DateTimeField(_("done"), null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="incident_task_says_what")]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return self.text


class IncidentNotice(Dated):
    """A notice as it was given: its text stays."""

    IN_TRAIL = False

    class Recipient(models.TextChoices):
        AUTHORITY = "authority", _("the authority")
        PERSONS = "persons", _("the persons concerned")

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="notices")
    recipient = models.CharField(_("to whom"), max_length=9, choices=Recipient)
    text = GuardedTextField(_("text"), max_length=6000)
    how = GuardedCharField(_("how it was given"), max_length=200)
    given_at = models.DateTimeField(_("given"))
    given_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("given by"), related_name="+")
    # sends it to each person by short message
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["given_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text="") & ~Q(how=""), name="incident_notice_is_whole"),
            models.CheckConstraint(
                condition=is_possible("given_at"), name="incident_notice_time_is_possible"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class AffectedPerson(models.Model):
    """A person whose data the incident touched, by the contact: kept for the notice, gone with the
    contact."""

    IN_TRAIL = False

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="affected")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+")
    reads = models.PositiveIntegerField()
    clear = models.PositiveIntegerField()  # of these in clear: revealed, handed over, played, exported
    last_at = models.DateTimeField()
    # the last that was sent by short message
    notice = models.ForeignKey(IncidentNotice, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "contact"], name="affected_once")]
