import apps.core.privacy.fields
import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
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
        ("accounts", "__first__"),
        ("audit", "0001_tables"),
        ("contacts", "0001_tables"),
        ("jobs", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Assessment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("about_kind", models.CharField(max_length=8, verbose_name="kind")),
                ("about_id", models.BigIntegerField()),
                ("title", models.CharField(max_length=160, verbose_name="what is assessed")),
                (
                    "triggers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), size=None, verbose_name="why it is needed"
                    ),
                ),
                ("description", models.JSONField(default=dict, verbose_name="as assessed")),
                (
                    "necessity",
                    models.TextField(
                        blank=True,
                        max_length=2000,
                        verbose_name="Are purpose and means of the processing lawful, legitimate and necessary?",
                    ),
                ),
                (
                    "influence",
                    models.TextField(
                        blank=True,
                        max_length=2000,
                        verbose_name="How does it affect the rights of the persons, and how safe is it?",
                    ),
                ),
                (
                    "measures",
                    models.TextField(
                        blank=True,
                        max_length=2000,
                        verbose_name="Are the protective measures lawful, effective and in proportion to the risk?",
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("acceptable", "may go ahead"),
                            ("with_measures", "may go ahead with the measures named"),
                            ("not_acceptable", "may not go ahead"),
                        ],
                        max_length=14,
                        verbose_name="verdict",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "awaiting a second person"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                        ],
                        default="draft",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided on")),
                (
                    "note",
                    models.CharField(blank=True, max_length=500, verbose_name="note of the second person"),
                ),
                (
                    "authors",
                    models.ManyToManyField(
                        related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="authors"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["about_kind", "about_id", "-id"], name="assessment_by_thing")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["draft", "submitted"])),
                        fields=("about_kind", "about_id"),
                        name="assessment_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("decided_by", models.F("written_by")), _negated=True),
                        name="assessment_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "draft"),
                            models.Q(
                                models.Q(("necessity", ""), _negated=True),
                                models.Q(("influence", ""), _negated=True),
                                models.Q(("measures", ""), _negated=True),
                                models.Q(("verdict", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="assessment_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "submitted"]),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="assessment_decided_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ComplianceAudit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("scope", models.TextField(max_length=2000, verbose_name="scope")),
                ("since", models.DateField(verbose_name="from")),
                ("until", models.DateField(verbose_name="until, included")),
                (
                    "auditor",
                    models.CharField(
                        help_text="a person of ours, or an agency", max_length=120, verbose_name="auditor"
                    ),
                ),
                ("is_outside", models.BooleanField(default=False, verbose_name="by an outside agency")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("running", "being carried out"),
                            ("reported", "awaiting a second signature"),
                            ("signed", "signed"),
                        ],
                        default="planned",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("conclusion", models.TextField(blank=True, max_length=4000, verbose_name="conclusion")),
                ("signed_at", models.DateTimeField(null=True, verbose_name="signed on")),
                ("signature", models.JSONField(default=dict)),
                (
                    "countersigned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="countersigned by",
                    ),
                ),
                (
                    "planned_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="planned by",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="signed by",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))),
                        name="audit_ends_after_it_begins",
                        violation_error_message="The time that is audited ends before it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("signed_by", models.F("countersigned_by")), _negated=True),
                        name="audit_signed_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "signed"), _negated=True),
                            models.Q(
                                ("countersigned_by__isnull", False),
                                ("signed_at__isnull", False),
                                ("signed_by__isnull", False),
                                models.Q(("conclusion", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="audit_signed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("point", models.CharField(max_length=40)),
                ("measured", models.JSONField(default=dict)),
                ("found", models.TextField(blank=True, max_length=4000, verbose_name="what was found")),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("open", "not judged yet"),
                            ("conforms", "conforms"),
                            ("partly", "conforms in part"),
                            ("not", "does not conform"),
                            ("na", "does not apply"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="verdict",
                    ),
                ),
                (
                    "file",
                    apps.core.privacy.fields.FileNameField(
                        blank=True, max_length=80, verbose_name="evidence file"
                    ),
                ),
                ("file_sha256", models.BinaryField(max_length=32, null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "audit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="governance.complianceaudit",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("audit", "point"), name="audit_point_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("verdict", "open"), ("answered_by__isnull", False), _connector="OR"
                        ),
                        name="audit_verdict_of_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Incident",
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
                        choices=[("leak", "leak"), ("change", "alteration"), ("loss", "loss")],
                        max_length=6,
                        verbose_name="kind of incident",
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="in one line")),
                ("is_drill", models.BooleanField(default=False, verbose_name="drill")),
                ("discovered_at", models.DateTimeField(verbose_name="discovered")),
                ("since", models.DateTimeField(verbose_name="data touched from")),
                ("until", models.DateTimeField(verbose_name="data touched until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("closing", "awaiting a second person"),
                            ("closed", "closed"),
                        ],
                        default="open",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                (
                    "information",
                    models.TextField(
                        blank=True, max_length=500, verbose_name="kinds of information concerned"
                    ),
                ),
                ("cause", models.TextField(blank=True, max_length=1000, verbose_name="cause")),
                ("harm", models.TextField(blank=True, max_length=1000, verbose_name="possible harm")),
                (
                    "measures",
                    models.TextField(blank=True, max_length=1000, verbose_name="remedial measures taken"),
                ),
                (
                    "advice",
                    models.TextField(
                        blank=True, max_length=1000, verbose_name="what the persons can do to reduce the harm"
                    ),
                ),
                (
                    "contact",
                    models.TextField(blank=True, max_length=300, verbose_name="whom to ask, and how"),
                ),
                ("lessons", models.TextField(blank=True, max_length=1000, verbose_name="lessons")),
                ("persons", models.PositiveIntegerField(null=True, verbose_name="persons concerned")),
                (
                    "unnamed",
                    models.PositiveIntegerField(default=0, verbose_name="looks at lists that name nobody"),
                ),
                (
                    "erased",
                    models.PositiveIntegerField(
                        default=0, verbose_name="records of persons who were erased since"
                    ),
                ),
                ("scoped_at", models.DateTimeField(null=True, verbose_name="scope determined")),
                (
                    "to_persons",
                    models.CharField(
                        choices=[
                            ("undecided", "not decided yet"),
                            ("required", "the persons are notified"),
                            ("not_required", "not required: the measures avert the harm"),
                        ],
                        default="undecided",
                        max_length=12,
                        verbose_name="notice to the persons",
                    ),
                ),
                ("to_persons_why", models.CharField(blank=True, max_length=500, verbose_name="why")),
                ("reminded_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                (
                    "alarm",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incident",
                        to="audit.alarm",
                        verbose_name="alarm",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                        verbose_name="by which API client",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="closed by",
                    ),
                ),
                (
                    "closing_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="closing asked by",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by whom",
                    ),
                ),
                (
                    "scope_job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="jobs.job",
                    ),
                ),
                (
                    "to_persons_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("discovered_at__isnull", True),
                                models.Q(
                                    (
                                        "discovered_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "discovered_at__lte",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("created_at"),
                                            "+",
                                            models.Value("1 day", output_field=models.DurationField()),
                                        ),
                                    ),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("since__isnull", True),
                                models.Q(
                                    (
                                        "since__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "since__lte",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("created_at"),
                                            "+",
                                            models.Value("1 day", output_field=models.DurationField()),
                                        ),
                                    ),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("until__isnull", True),
                                models.Q(
                                    (
                                        "until__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "until__lte",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("created_at"),
                                            "+",
                                            models.Value("1 day", output_field=models.DurationField()),
                                        ),
                                    ),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="incident_times_are_possible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))),
                        name="incident_ends_after_it_begins",
                        violation_error_message="The time in which data was touched ends before it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closed_by", models.F("closing_by")), _negated=True),
                        name="incident_closed_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("closed_by__isnull", False),
                                ("closing_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="incident_closed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("to_persons", "undecided"),
                            models.Q(
                                ("to_persons_by__isnull", False),
                                models.Q(("to_persons_why", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="incident_notice_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentEntry",
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
                            ("opened", "recorded"),
                            ("note", "note"),
                            ("facts", "facts changed"),
                            ("scope", "scope determined"),
                            ("task", "task"),
                            ("owner", "owner"),
                            ("notice", "notice"),
                            ("closing", "closing asked for"),
                            ("back", "not closed"),
                            ("closed", "closed"),
                        ],
                        max_length=7,
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
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="governance.incident",
                    ),
                ),
            ],
            options={"ordering": ["created_at", "pk"]},
        ),
        migrations.CreateModel(
            name="IncidentNotice",
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
                        choices=[("authority", "the authority"), ("persons", "the persons concerned")],
                        max_length=9,
                        verbose_name="to whom",
                    ),
                ),
                ("text", models.TextField(max_length=6000, verbose_name="text")),
                ("how", models.CharField(max_length=200, verbose_name="how it was given")),
                ("given_at", models.DateTimeField(verbose_name="given")),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="given by",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="governance.incident",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="jobs.job",
                    ),
                ),
            ],
            options={
                "ordering": ["given_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True), models.Q(("how", ""), _negated=True)
                        ),
                        name="incident_notice_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("given_at__isnull", True),
                            models.Q(
                                (
                                    "given_at__gte",
                                    datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                ),
                                (
                                    "given_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("created_at"),
                                        "+",
                                        models.Value("1 day", output_field=models.DurationField()),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="incident_notice_time_is_possible",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AffectedPerson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reads", models.PositiveIntegerField()),
                ("clear", models.PositiveIntegerField()),
                ("last_at", models.DateTimeField()),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.contact"
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="affected",
                        to="governance.incident",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.incidentnotice",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("incident", "contact"), name="affected_once")]
            },
        ),
        migrations.CreateModel(
            name="IncidentTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("text", models.CharField(max_length=300, verbose_name="what is to be done")),
                ("due_on", models.DateField(verbose_name="due on")),
                ("done_at", models.DateTimeField(null=True, verbose_name="done")),
                ("reminded_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tasks",
                        to="governance.incident",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "ordering": ["due_on", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="incident_task_says_what"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("month", models.DateField(unique=True, verbose_name="month")),
                ("measured", models.JSONField(default=dict)),
                ("notes", models.JSONField(default=dict, verbose_name="notes")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("once", "awaiting a second signature"),
                            ("signed", "signed"),
                        ],
                        default="draft",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("signed_at", models.DateTimeField(null=True, verbose_name="signed on")),
                ("signature", models.JSONField(default=dict)),
                (
                    "countersigned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="countersigned by",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="signed by",
                    ),
                ),
            ],
            options={
                "ordering": ["-month"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("signed_by", models.F("countersigned_by")), _negated=True),
                        name="month_signed_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "signed"), _negated=True),
                            models.Q(
                                ("countersigned_by__isnull", False),
                                ("signed_at__isnull", False),
                                ("signed_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="month_signed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="month_begins_on_the_first"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Nonconformity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("duty", models.CharField(blank=True, max_length=3, verbose_name="duty")),
                ("text", models.CharField(max_length=500, verbose_name="what does not conform")),
                ("due_on", models.DateField(verbose_name="due on")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("done", "done, to be checked"), ("closed", "closed")],
                        default="open",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("measures", models.CharField(blank=True, max_length=500, verbose_name="what was done")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                ("reminded_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="nonconformities",
                        to="governance.auditanswer",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="closed by",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="nonconformities",
                        to="governance.monthreport",
                    ),
                ),
            ],
            options={
                "verbose_name": "nonconformity",
                "ordering": ["due_on", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("report__isnull", True), ("answer__isnull", True), _connector="XOR"
                        ),
                        name="nonconformity_of_one",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("report__isnull", False), models.Q(("state", "closed"), _negated=True)
                        ),
                        fields=("duty",),
                        name="nonconformity_of_a_duty_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closed_by", models.F("done_by")), _negated=True),
                        name="nonconformity_checked_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(
                                ("closed_by__isnull", False),
                                ("done_by__isnull", False),
                                models.Q(("measures", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="nonconformity_closed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Risk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("threat", models.CharField(max_length=200, verbose_name="what may happen")),
                (
                    "likelihood",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "low"), (2, "medium"), (3, "high")], verbose_name="likelihood"
                    ),
                ),
                (
                    "harm",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "low"), (2, "medium"), (3, "high")], verbose_name="harm to the persons"
                    ),
                ),
                ("measure", models.CharField(blank=True, max_length=300, verbose_name="measure")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due on")),
                (
                    "remaining",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "low"), (2, "medium"), (3, "high")], verbose_name="harm that remains"
                    ),
                ),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="risks",
                        to="governance.assessment",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("threat", ""), _negated=True), name="risk_says_what"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("harm__range", (1, 3)),
                            ("likelihood__range", (1, 3)),
                            ("remaining__range", (1, 3)),
                        ),
                        name="risk_is_graded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("measure", ""), ("owner__isnull", False), _connector="OR"),
                        name="risk_measure_has_owner",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assessment",
            trigger=pgtrigger.compiler.Trigger(
                name="decided_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" IN ('approved', 'refused'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="20b260a60aa04ec1e32a18e045899585dfa64400",
                    operation="UPDATE",
                    pgid="pgtrigger_decided_stays_aaa95",
                    table="governance_assessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assessment",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_three_years",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                if old.state <> 'draft' and coalesce(old.decided_at, now()) > now() - interval '3 years' then\n                    raise exception 'an impact assessment is kept for three years (R36)' using errcode = 'check_violation';\n                end if;\n                return old;",
                    hash="bc39918670d2327a605d7f18c5deabbbb699a1a3",
                    operation="DELETE",
                    pgid="pgtrigger_kept_three_years_2fd92",
                    table="governance_assessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="complianceaudit",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="7a81e52e8d14ec7efcc67b788ef602e90ad9447b",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_9681a",
                    table="governance_complianceaudit",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="complianceaudit",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" = 'signed')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="c44b253db0ad94849440001984fa72ec99a96926",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_stays_273f9",
                    table="governance_complianceaudit",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="567ddaff9abc2cdb2e94716e0c87ba2d6c9463eb",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_72813",
                    table="governance_auditanswer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="of_an_open_audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                if exists (select from governance_complianceaudit where id = old.audit_id and state in ('reported', 'signed'))\n                then raise exception 'the answers of an audit that was reported stay' using errcode = 'check_violation'; end if;\n                return new;",
                    hash="eb5cf4744485c965daf42cf4039936f15cd81606",
                    operation="UPDATE",
                    pgid="pgtrigger_of_an_open_audit_1a3fc",
                    table="governance_auditanswer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incident",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c094291581fa7d4ae7efc02e474e809481d51168",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_52ae9",
                    table="governance_incident",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incident",
            trigger=pgtrigger.compiler.Trigger(
                name="closed_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" = 'closed')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="4017480f02fffb0b789076c4a77e1531eaf763c8",
                    operation="UPDATE",
                    pgid="pgtrigger_closed_stays_0580c",
                    table="governance_incident",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incidententry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="69f68e6345091dce5085919bc6098645721c1a1c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_49aee",
                    table="governance_incidententry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incidentnotice",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="bde8dc6e0ccc667932f532781c0c72876b96e1bd",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_923ed",
                    table="governance_incidentnotice",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incidenttask",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="ce4dfdfa9b82010f900871a2e72d60471d731c8b",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_afad6",
                    table="governance_incidenttask",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monthreport",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="80197cebfd433526e57a59ef5972325c37482c14",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_cf11d",
                    table="governance_monthreport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monthreport",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" = 'signed')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="6cfcd8662f51b844bbf1a6a3c718dacc4dd98d73",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_stays_4c236",
                    table="governance_monthreport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="nonconformity",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="48cf158fcf3137b3595bc25ea714caa1da9b0613",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_16a07",
                    table="governance_nonconformity",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="risk",
            trigger=pgtrigger.compiler.Trigger(
                name="of_a_draft",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                if exists (\n                    select from governance_assessment\n                    where id = coalesce(new.assessment_id, old.assessment_id) and state <> 'draft'\n                    and not (tg_op = 'DELETE' and decided_at <= now() - interval '3 years')\n                ) then raise exception 'the risks of an assessment that was handed in stay' using errcode = 'check_violation'; end if;\n                return coalesce(new, old);",
                    hash="92b8dc021845e86b9cee77418f21bcc3c49e5e0f",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_of_a_draft_c3184",
                    table="governance_risk",
                    when="BEFORE",
                ),
            ),
        ),
    ]
