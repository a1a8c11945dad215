import apps.core.privacy.fields
import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.lookups
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
        ("calls", "0001_tables"),
        ("campaigns", "0001_tables"),
        ("contacts", "0001_tables"),
        ("scripts", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Complaint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("telephone", "telephone"),
                            ("agent", "said to an agent"),
                            ("letter", "letter or e-mail"),
                            ("web", "web"),
                            ("shop", "in person"),
                            ("regulator", "regulator (12300, 12321, 12345)"),
                            ("api", "another system"),
                        ],
                        max_length=10,
                        verbose_name="came by",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("unwanted", "unwanted calls"),
                            ("after_no", "called after an opt-out"),
                            ("false", "false or misleading words"),
                            ("manner", "manner"),
                            ("privacy", "personal data"),
                            ("money", "money: fees, refunds"),
                            ("other", "something else"),
                        ],
                        max_length=10,
                        verbose_name="about",
                    ),
                ),
                (
                    "is_dispute",
                    models.BooleanField(default=False, verbose_name="dispute: the client claims something"),
                ),
                (
                    "reference",
                    models.CharField(blank=True, max_length=80, verbose_name="reference of the sender"),
                ),
                (
                    "text",
                    apps.core.privacy.fields.ProtectedTextField(
                        kind="text", verbose_name="what the client says"
                    ),
                ),
                ("number_index", models.BinaryField(max_length=32, null=True)),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("answer_due", models.DateTimeField(verbose_name="first answer by")),
                ("due_at", models.DateTimeField(verbose_name="to be closed by")),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("paused", "waits for the client"), ("closed", "closed")],
                        default="open",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("justified", "justified"),
                            ("partly", "partly justified"),
                            ("unjustified", "not justified"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=11,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "remedy",
                    apps.core.privacy.fields.ProtectedTextField(
                        kind="text", null=True, verbose_name="remedy"
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("handled_seconds", models.PositiveBigIntegerField(null=True)),
                ("has_opted_out", models.BooleanField(default=False)),
                ("escalated", models.BooleanField(default=False)),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="complaints",
                        to="calls.call",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="complaints",
                        to="contacts.contact",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="complaints",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "script_version",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scripts.scriptversion",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "closed"), _negated=True),
                        fields=["due_at"],
                        name="complaint_not_closed",
                    ),
                    models.Index(fields=["received_at"], name="complaint_by_time"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("number_index__isnull", True),
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "number_index",
                                    function="octet_length",
                                    output_field=models.IntegerField(),
                                ),
                                32,
                            ),
                            _connector="OR",
                        ),
                        name="complaint_has_hash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("received_at__isnull", True),
                            models.Q(
                                (
                                    "received_at__gte",
                                    datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                ),
                                (
                                    "received_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("created_at"),
                                        "+",
                                        models.Value("1 day", output_field=models.DurationField()),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="complaint_time_is_possible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True),
                                ("closed_at__isnull", False),
                                ("handled_seconds__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="closed_has_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("answer_due__lte", models.F("due_at"))),
                        name="answered_before_closed",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("channel", "reference"),
                        name="complaint_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ComplaintEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "opened"),
                            ("answered", "first answer"),
                            ("note", "note"),
                            ("paused", "waits for the client"),
                            ("resumed", "taken up again"),
                            ("moved", "given to another owner"),
                            ("closed", "closed"),
                            ("reopened", "opened again"),
                            ("escalated", "escalated: overdue"),
                        ],
                        max_length=9,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="quality.complaint",
                    ),
                ),
            ],
            options={"ordering": ["created_at", "pk"]},
        ),
        migrations.CreateModel(
            name="EvidencePack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "recipient",
                    models.CharField(
                        choices=[
                            ("client", "the client"),
                            ("regulator", "a regulator"),
                            ("court", "a court or arbitration"),
                        ],
                        max_length=9,
                        verbose_name="for whom",
                    ),
                ),
                (
                    "reason",
                    models.CharField(max_length=300, verbose_name="reason: the file number, the request"),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "awaiting a second person"),
                            ("approved", "ready to be fetched"),
                            ("refused", "refused"),
                            ("fetched", "fetched"),
                            ("lapsed", "not fetched in time"),
                        ],
                        default="asked",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("file", apps.core.privacy.fields.FileNameField(blank=True, default="", max_length=80)),
                ("sha256", models.BinaryField(max_length=32, null=True)),
                ("contents", models.JSONField(default=list)),
                ("fetched_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="packs",
                        to="quality.complaint",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("asked_by", models.F("decided_by")), _negated=True),
                        name="pack_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "asked"), ("decided_by__isnull", False), _connector="OR"
                        ),
                        name="pack_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="pack_has_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recording",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("call_number", models.BigIntegerField()),
                ("started_at", models.DateTimeField(verbose_name="time of the call")),
                ("file", apps.core.privacy.fields.FileNameField(max_length=80)),
                (
                    "media",
                    models.CharField(
                        choices=[
                            ("wav", "WAV"),
                            ("mp3", "MP3"),
                            ("ogg", "Ogg"),
                            ("m4a", "M4A"),
                            ("aac", "AAC"),
                            ("fla", "FLAC"),
                        ],
                        max_length=3,
                        verbose_name="kind of file",
                    ),
                ),
                ("size", models.PositiveBigIntegerField(verbose_name="bytes")),
                ("sha256", models.BinaryField(max_length=32, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("received", "received"), ("ready", "ready"), ("damaged", "damaged")],
                        default="received",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "flaws",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("late", "came late"),
                                ("unexpected", "of a call that was not reported as connected"),
                                ("length", "does not fit the length of the call"),
                                ("silent", "holds nothing but silence"),
                                ("damaged", "cannot be played to its end"),
                            ],
                            max_length=10,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("duration_ms", models.PositiveIntegerField(null=True)),
                ("peaks", models.BinaryField(null=True)),
                ("silences", models.JSONField(default=list)),
                ("channel_peaks", models.BinaryField(null=True)),
                ("by_channel", models.JSONField(default=dict)),
                ("blocked_until", models.DateTimeField(null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="recording",
                        to="calls.call",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recordings",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.line",
                    ),
                ),
                (
                    "script_version",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scripts.scriptversion",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["campaign", "-started_at"], name="recording_by_campaign"),
                    models.Index(
                        condition=models.Q(("agent__isnull", False)),
                        fields=["agent", "-started_at"],
                        name="recording_by_agent",
                    ),
                    models.Index(
                        condition=models.Q(("state", "received")), fields=["id"], name="recording_to_measure"
                    ),
                    models.Index(fields=["started_at"], name="recording_by_time"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "sha256", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            )
                        ),
                        name="recording_has_hash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0)), name="recording_is_not_empty"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ready"), _negated=True),
                            models.Q(("duration_ms__isnull", False), ("peaks__isnull", False)),
                            _connector="OR",
                        ),
                        name="ready_is_measured",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Play",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("quality", "quality control"),
                            ("dispute", "handling of a complaint or dispute"),
                            ("optimisation", "improvement of the service"),
                        ],
                        max_length=12,
                        verbose_name="purpose",
                    ),
                ),
                ("ends_at", models.DateTimeField()),
                ("served", models.JSONField(default=list)),
                ("heard", models.JSONField(default=list)),
                ("written_at", models.DateTimeField(null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recording",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="plays",
                        to="quality.recording",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("written_at__isnull", True)),
                        fields=["ends_at"],
                        name="play_to_write",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="SamplingPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "random_percent",
                    models.PositiveSmallIntegerField(
                        default=2, verbose_name="at random, percent of the connected calls"
                    ),
                ),
                (
                    "least_risk",
                    models.PositiveSmallIntegerField(
                        default=30, verbose_name="at risk from this many points"
                    ),
                ),
                (
                    "most_a_day",
                    models.PositiveIntegerField(default=200, verbose_name="reviews a day at most"),
                ),
                (
                    "agent_week",
                    models.PositiveSmallIntegerField(
                        default=2, verbose_name="reviews of each agent in 7 days, at least"
                    ),
                ),
                (
                    "campaign_day",
                    models.PositiveSmallIntegerField(
                        default=1, verbose_name="reviews of each campaign a day, at least"
                    ),
                ),
                (
                    "double_percent",
                    models.PositiveSmallIntegerField(
                        default=5, verbose_name="reviewed by two people, percent"
                    ),
                ),
                (
                    "other_team",
                    models.BooleanField(default=False, verbose_name="reviewed by another department"),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("campaign",),
                        name="one_plan_a_campaign",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("double_percent__lte", 100), ("least_risk__gte", 1), ("random_percent__lte", 100)
                        ),
                        name="sampling_plan_makes_sense",
                        violation_error_message="Percent are at most 100, and the points at least 1.",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="SamplingRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("day", models.DateField()),
                ("seed", models.BigIntegerField()),
                ("calls", models.PositiveIntegerField()),
                ("counts", models.JSONField(default=dict)),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="quality.samplingplan",
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("plan", "day"), name="sampled_once")]},
        ),
        migrations.CreateModel(
            name="ScoreCard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("trade", models.SlugField(blank=True, max_length=12, verbose_name="trade")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("trade",), name="one_score_card_a_trade")]
            },
        ),
        migrations.CreateModel(
            name="ScoreCardVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField()),
                ("items", models.JSONField(verbose_name="items")),
                (
                    "pass_mark",
                    models.PositiveSmallIntegerField(default=80, verbose_name="points needed, of 100"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("in_force", "in force"), ("retired", "retired")],
                        default="draft",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="quality.scorecard",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("card", "number"), name="score_card_numbers"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "in_force")),
                        fields=("card",),
                        name="one_score_card_in_force",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pass_mark__range", (1, 100))), name="pass_mark_is_of_100"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("author", models.F("approved_by")), _negated=True),
                        name="score_card_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "draft"), ("approved_by__isnull", False), _connector="OR"
                        ),
                        name="score_card_in_force_is_approved",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("called_at", models.DateTimeField(verbose_name="time of the call")),
                (
                    "why",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("finding", "forbidden words"),
                                ("advice", "reads like forbidden words"),
                                ("opening", "identity or purpose not said in time"),
                                ("way_out", "no way out was offered"),
                                ("complaint", "complaint"),
                                ("opt_out", "opt-out in the call"),
                                ("new_agent", "new agent"),
                                ("short", "short call"),
                                ("flaw", "the recording has a flaw"),
                                ("long_ago", "agent not reviewed for 30 days"),
                                ("quota", "quota"),
                                ("random", "at random"),
                                ("twin", "second review for calibration"),
                                ("by_hand", "chosen by hand"),
                            ],
                            max_length=10,
                        ),
                        default=list,
                        size=None,
                        verbose_name="because of",
                    ),
                ),
                ("risk", models.PositiveSmallIntegerField(default=0, verbose_name="risk")),
                ("due_on", models.DateField(verbose_name="due on")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("taken", "being reviewed"),
                            ("done", "reviewed"),
                            ("appealed", "appealed"),
                            ("settled", "settled"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("taken_at", models.DateTimeField(null=True)),
                ("answers", models.JSONField(default=dict)),
                ("score", models.PositiveSmallIntegerField(null=True, verbose_name="points")),
                ("has_passed", models.BooleanField(null=True)),
                (
                    "failed_fatal",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                ("summary", models.CharField(blank=True, max_length=500, verbose_name="summary")),
                ("judged_at", models.DateTimeField(null=True)),
                ("appeal", models.CharField(blank=True, max_length=500, verbose_name="appeal")),
                ("appealed_at", models.DateTimeField(null=True)),
                (
                    "second_note",
                    models.CharField(blank=True, max_length=500, verbose_name="decision on the appeal"),
                ),
                ("second_at", models.DateTimeField(null=True)),
                ("is_upheld", models.BooleanField(null=True)),
                ("first_verdict", models.JSONField(null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reviews",
                        to="calls.call",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "not_department",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.department",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="reviewer",
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "twin",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="first",
                        to="quality.review",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="quality.samplingplan",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="quality.scorecardversion",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["-risk", "due_on", "id"],
                        name="review_queue",
                    ),
                    models.Index(fields=["agent", "-called_at"], name="review_by_agent"),
                    models.Index(fields=["campaign", "-called_at"], name="review_by_campaign"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("twin__isnull", True)),
                        fields=("call",),
                        name="one_first_review_a_call",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reviewer", models.F("agent")), _negated=True),
                        name="nobody_reviews_own_calls",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("second", models.F("reviewer")), _negated=True),
                            models.Q(("second", models.F("agent")), _negated=True),
                        ),
                        name="appeal_goes_to_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "taken"]),
                            models.Q(
                                ("judged_at__isnull", False),
                                ("reviewer__isnull", False),
                                ("score__isnull", False),
                                ("version__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="judged_has_verdict",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "settled"), _negated=True),
                            models.Q(("is_upheld__isnull", False), ("second__isnull", False)),
                            _connector="OR",
                        ),
                        name="settled_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("score__isnull", True), ("score__lte", 100), _connector="OR"),
                        name="score_is_of_100",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TimedRemark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("start_ms", models.PositiveIntegerField()),
                ("end_ms", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=500, verbose_name="remark")),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="remarks",
                        to="quality.review",
                    ),
                ),
            ],
            options={
                "ordering": ["start_ms", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_ms__gte", models.F("start_ms"))),
                        name="remark_ends_after_its_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Transcript",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("started_at", models.DateTimeField(verbose_name="time of the call")),
                (
                    "segments",
                    apps.core.privacy.fields.ProtectedTextField(kind="text", verbose_name="transcript"),
                ),
                ("count", models.PositiveIntegerField()),
                ("source", models.CharField(max_length=40)),
                ("digest", models.BinaryField(max_length=32)),
                ("removed", models.PositiveSmallIntegerField(default=0)),
                ("findings", models.JSONField(default=list)),
                ("checks", models.JSONField(default=dict)),
                ("worst", models.CharField(default="", max_length=8)),
                ("rules", models.CharField(default="", max_length=64)),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="transcript",
                        to="calls.call",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.line",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["started_at"], name="transcript_by_time")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "digest", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            )
                        ),
                        name="transcript_has_hash",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Violation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("called_at", models.DateTimeField(verbose_name="time of the call")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("identity", "company or purpose not said first"),
                            ("promise", "forbidden promise or false statement"),
                            ("secrets", "asked for secrets: ID, card, code"),
                            ("privacy", "spoke of personal data to others"),
                            ("after_no", "went on after a refusal"),
                            ("way_out", "no way out offered, or refused"),
                            ("script", "left the approved script"),
                            ("manner", "pressure, insult, interruption"),
                            ("product", "product that may not be sold by telephone"),
                            ("other", "something else"),
                        ],
                        max_length=10,
                        verbose_name="violation",
                    ),
                ),
                (
                    "gravity",
                    models.CharField(
                        choices=[("minor", "minor"), ("serious", "serious"), ("grave", "grave")],
                        max_length=8,
                        verbose_name="gravity",
                    ),
                ),
                ("start_ms", models.PositiveIntegerField(null=True, verbose_name="from")),
                ("end_ms", models.PositiveIntegerField(null=True, verbose_name="until")),
                ("note", models.CharField(max_length=500, verbose_name="what happened")),
                ("law", models.CharField(max_length=80, verbose_name="law")),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="violations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="violations",
                        to="calls.call",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="violations",
                        to="quality.complaint",
                    ),
                ),
                (
                    "found_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="violations",
                        to="quality.review",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["agent", "-created_at"], name="violation_by_agent")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("note", ""), _negated=True), models.Q(("law", ""), _negated=True)
                        ),
                        name="violation_says_what_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("found_by", models.F("agent")), _negated=True),
                        name="violation_found_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start_ms__isnull", True), ("end_ms__gte", models.F("start_ms")), _connector="OR"
                        ),
                        name="evidence_has_an_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CorrectiveAction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "violation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="action",
                        to="quality.violation",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrective_actions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                ("due_on", models.DateField(verbose_name="due on")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("done", "done, to be checked"),
                            ("closed", "checked and closed"),
                        ],
                        default="open",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("measures", models.CharField(blank=True, max_length=1000, verbose_name="what was done")),
                ("proof", models.CharField(blank=True, max_length=300, verbose_name="proof")),
                ("proof_file", apps.core.privacy.fields.FileNameField(blank=True, default="", max_length=80)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "checked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("reopened", models.PositiveSmallIntegerField(default=0)),
                ("escalated", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "closed"), _negated=True),
                        fields=["due_on"],
                        name="action_not_closed",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("checked_by", models.F("owner")), _negated=True),
                        name="action_checked_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(("checked_by__isnull", False), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="closed_is_checked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"),
                            models.Q(models.Q(("measures", ""), _negated=True), ("done_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="done_says_what",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ActionEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "opened"),
                            ("done", "reported as done"),
                            ("closed", "checked and closed"),
                            ("reopened", "sent back"),
                            ("moved", "given to another owner"),
                            ("escalated", "escalated: overdue"),
                        ],
                        max_length=9,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=1000)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "action",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="quality.correctiveaction",
                    ),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.CreateModel(
            name="BasePeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("since", models.DateField(verbose_name="from")),
                ("until", models.DateField(verbose_name="until, included")),
                ("calls", models.PositiveIntegerField(verbose_name="connected calls")),
                ("complaints", models.PositiveIntegerField(verbose_name="complaints")),
                (
                    "handling_hours",
                    models.DecimalField(
                        decimal_places=2, max_digits=8, verbose_name="mean handling time, hours"
                    ),
                ),
                ("origin", models.CharField(max_length=200, verbose_name="where the figures come from")),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("calls__gt", 0), ("until__gte", models.F("since"))),
                        name="base_period_makes_sense",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("origin", ""), _negated=True), name="base_period_has_origin"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="complaintevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="088e117114e6e9ae63128105f4a2e63ef1e3b562",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_1ee24",
                    table="quality_complaintevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="actionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="bfc3956c03e0769f23904b12d23ffc24347513b2",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_93b15",
                    table="quality_actionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="recording",
            trigger=pgtrigger.compiler.Trigger(
                name="sound_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."file" IS DISTINCT FROM (NEW."file") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."size" IS DISTINCT FROM (NEW."size"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="5bf982738e43dfd400feaebedd55e9a70ade1db2",
                    operation="UPDATE",
                    pgid="pgtrigger_sound_stays_f679b",
                    table="quality_recording",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="play",
            trigger=pgtrigger.compiler.Trigger(
                name="who_and_why_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."actor_id" IS DISTINCT FROM (NEW."actor_id") OR OLD."purpose" IS DISTINCT FROM (NEW."purpose") OR OLD."recording_id" IS DISTINCT FROM (NEW."recording_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="aaa28c8dd6e0cdbba7b667ba315a1c97232e8bf6",
                    operation="UPDATE",
                    pgid="pgtrigger_who_and_why_stay_ab6c0",
                    table="quality_play",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="samplingrun",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="c939228393a11724671d1530bc49f97023ded753",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_b6770",
                    table="quality_samplingrun",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scorecardversion",
            trigger=pgtrigger.compiler.Trigger(
                name="in_force_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (OLD."state" = \'draft\') AND (OLD."items" IS DISTINCT FROM (NEW."items") OR OLD."pass_mark" IS DISTINCT FROM (NEW."pass_mark")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2bbfdb8bd026ac536ad4bb6da08b1422f01c9ff2",
                    operation="UPDATE",
                    pgid="pgtrigger_in_force_stays_786d3",
                    table="quality_scorecardversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="violation",
            trigger=pgtrigger.compiler.Trigger(
                name="finding_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."gravity" IS DISTINCT FROM (NEW."gravity") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."agent_id" IS DISTINCT FROM (NEW."agent_id") OR OLD."note" IS DISTINCT FROM (NEW."note"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e0a7dc6336e7e5cdc4b88ef09fbef4ccb25abd9c",
                    operation="UPDATE",
                    pgid="pgtrigger_finding_stays_533b5",
                    table="quality_violation",
                    when="BEFORE",
                ),
            ),
        ),
    ]
