"""A call's recording, who listened to what of it, and what was said in it."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient, User
from apps.calls.models import Call
from apps.campaigns.models import Campaign, Line
from apps.core.database.base_models import Dated, NotBlocked, is_hash, named
from apps.core.privacy.fields import FileNameField, ProtectedTextField
from apps.core.web import ids
from apps.scripts.models import ScriptVersion


class Recording(Dated):
    """The sound of one call, encrypted (`core.crypto.streams`). `call` is empty once the call's own storage
    period is over."""

    class State(models.TextChoices):
        RECEIVED = "received", pgettext_lazy("state of a recording", "received")
        READY = "ready", _("ready")
        DAMAGED = "damaged", _("damaged")

    class Media(models.TextChoices):
        WAV = "wav", "WAV"
        MP3 = "mp3", "MP3"
        OGG = "ogg", "Ogg"
        M4A = "m4a", "M4A"
        AAC = "aac", "AAC"
        FLAC = "fla", "FLAC"

    class Flaw(models.TextChoices):
        LATE = "late", _("came late")
        UNEXPECTED = "unexpected", _("of a call that was not reported as connected")
        LENGTH = "length", _("does not fit the length of the call")
        SILENT = "silent", _("holds nothing but silence")
        DAMAGED = "damaged", _("cannot be played to its end")

    call = models.OneToOneField(Call, models.SET_NULL, null=True, related_name="recording")
    call_number = models.BigIntegerField()  # of its call, also when that is gone: the sound is bound to it
    campaign = named(Campaign, related_name="recordings")
    line = named(Line, related_name="+")
    agent = named(User, null=True, related_name="+")
    script_version = named(ScriptVersion, related_name="+")
    client = named(ApiClient, null=True, related_name="+")
    started_at = models.DateTimeField(_("time of the call"))
    file = FileNameField()
    media = models.CharField(_("kind of file"), max_length=3, choices=Media)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.BinaryField(max_length=32, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RECEIVED)
    flaws = ArrayField(models.CharField(max_length=10, choices=Flaw), default=list)
    duration_ms = models.PositiveIntegerField(null=True)
    peaks = models.BinaryField(null=True)  # loudest of each of up to 2,000 equal pieces, 0-255
    silences = models.JSONField(default=list)  # [[from, until], …] in ms
    # of both sides, one after the other, where each has a channel of its own
    channel_peaks = models.BinaryField(null=True)
    by_channel = models.JSONField(default=dict)  # {silences: [[…], […]], spoke_ms: […, …], together_ms}
    # when the speech-to-text adapter hears it next; empty: it need not
    transcribe_at = models.DateTimeField(null=True)
    transcribe_tries = models.PositiveSmallIntegerField(db_default=0)
    # the person was erased; the record of the call is kept for 30 days (R34)
    blocked_until = models.DateTimeField(null=True)

    objects = NotBlocked()
    everyone: ClassVar[models.Manager["Recording"]] = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=is_hash("sha256"), name="recording_has_hash"),
            models.CheckConstraint(condition=Q(size__gt=0), name="recording_is_not_empty"),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(duration_ms__isnull=False, peaks__isnull=False),
                name="ready_is_measured",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "-started_at"], name="recording_by_campaign"),
            models.Index(
                fields=["agent", "-started_at"], condition=Q(agent__isnull=False), name="recording_by_agent"
            ),
            models.Index(fields=["id"], condition=Q(state="received"), name="recording_to_measure"),
            models.Index(fields=["started_at"], name="recording_by_time"),
            models.Index(
                fields=["transcribe_at"],
                condition=Q(transcribe_at__isnull=False),
                name="recording_to_transcribe",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="sound_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__file__df=pgtrigger.F("new__file"))
                | pgtrigger.Q(old__sha256__df=pgtrigger.F("new__sha256"))
                | pgtrigger.Q(old__size__df=pgtrigger.F("new__size")),
            )
        ]

    @property
    def public_id(self) -> str:
        return ids.encode("rc", self.pk)

    @property
    def flaw_labels(self) -> list[str]:
        return [str(self.Flaw(flaw).label) for flaw in self.flaws]


class Play(Dated):
    """A person listens, for a purpose that was named first (R17). `served` are byte ranges, `heard` seconds
    that the player reported."""

    IN_TRAIL = False

    class Purpose(models.TextChoices):
        QUALITY = "quality", _("quality control")
        DISPUTE = "dispute", _("handling of a complaint or dispute")
        OPTIMISATION = "optimisation", _("improvement of the service")

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="plays")
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    purpose = models.CharField(pgettext_lazy("of listening", "purpose"), max_length=12, choices=Purpose)
    ends_at = models.DateTimeField()
    served = models.JSONField(default=list)
    heard = models.JSONField(default=list)
    written_at = models.DateTimeField(null=True)  # when what was heard was written to the trail

    class Meta:
        indexes = [
            models.Index(fields=["ends_at"], condition=Q(written_at__isnull=True), name="play_to_write")
        ]
        triggers = [
            pgtrigger.Protect(
                name="who_and_why_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__actor__df=pgtrigger.F("new__actor"))
                | pgtrigger.Q(old__purpose__df=pgtrigger.F("new__purpose"))
                | pgtrigger.Q(old__recording__df=pgtrigger.F("new__recording")),
            )
        ]


class Transcript(Dated):
    """What was said, by whom and when, as one encrypted text; and what the check found in it, without the
    words."""

    NOT_TYPED = ("source", "worst", "rules")

    call = models.OneToOneField(Call, models.SET_NULL, null=True, related_name="transcript")
    campaign = named(Campaign, related_name="+")
    line = named(Line, related_name="+")
    agent = named(User, null=True, related_name="+")
    client = named(ApiClient, null=True, related_name="+")
    started_at = models.DateTimeField(_("time of the call"))
    segments = ProtectedTextField(_("transcript"), kind="text")  # JSON: [{start, end (ms), speaker, text}, …]
    count = models.PositiveIntegerField()
    source = models.CharField(max_length=40)  # "api", or the adapter that heard it
    digest = models.BinaryField(max_length=32)
    removed = models.PositiveSmallIntegerField(default=0)  # resident-ID and bank-card numbers taken out
    findings = models.JSONField(default=list)  # [{code, level, law, segment, start, end, at (ms)}, …]
    checks = models.JSONField(default=dict)
    worst = models.CharField(max_length=8, default="")  # "blocking", "advisory" or nothing
    rules = models.CharField(max_length=64, default="")  # stamp of the rules it was checked by

    class Meta:
        constraints = [models.CheckConstraint(condition=is_hash("digest"), name="transcript_has_hash")]
        indexes = [models.Index(fields=["started_at"], name="transcript_by_time")]
